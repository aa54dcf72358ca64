#!/usr/bin/env python3
"""Writes torchvision-ssd300.safetensors: what torchvision's SSD300 computes from weights and images given by formulas.

    python3 -m venv venv && venv/bin/pip install torch torchvision safetensors
    venv/bin/python Tests/Fixtures/generate_torchvision.py

The model is `ssd300_vgg16(num_classes=21)` of torchvision, evaluated in float64. Two more evaluations, in float32 and
with noise, measure what rounding does. All takes about two minutes and 4 GB of memory. README.md lists the tensors.

Weights and images are formulas in 32-bit unsigned integer arithmetic (all operations modulo 2^32) and IEEE 754 double
precision, so any language reproduces them bit for bit:

    mix(x): x ^= x >> 16; x *= 0x85EBCA6B; x ^= x >> 13; x *= 0xC2B2AE35; x ^= x >> 16      (MurmurHash3's finalizer)
    hash(s, i)   = mix(s * 0x9E3779B9 + i)                                                  stream s, element i
    signed(s, i) = 2 * ((hash(s, i) + 0.5) / 2^32) - 1                                      in (-1, 1), exact in float64

Weights. Stream t is the position (from 0) of the tensor among the 71 names sorted by their bytes, i the position in the
flattened tensor ([output, input, height, width] for kernels). Values are computed in float64, then rounded to float32:

    kernel                          gain * sqrt(6 / (input * height * width)) * signed(t, i)
        backbone.features.0, .2, .5                 gain 1/4:  from pixel values of tens to activations of about 1
        head.regression_head.*                      gain 1/4:  locations of standard deviation 0.4
        head.classification_head.module_list.1 to 5 gain 1/2:  confidences of standard deviation 1
        all others                                  gain 1
    bias                            0.01 * signed(t, i)
    backbone.scale_weight           20 + signed(t, i)

Images. Pixel of image k at column x, row y, channel c (red 0, green 1, blue 2), where // is integer division, % the
remainder, and wave(n, p) = |n % (2p) - p| * 255 // p:

    a = wave(3x + 2y + 40c + 90k, 97)               diagonal stripes
    b = wave(x * (y + 50) // 60 + 70c, 131 + 10k)   curved stripes
    e = 127 * ((x // 37 + y // 29 + c + k) % 3)     patches with sharp edges
    pixel = (3a + 3b + 2e) // 8 * 3 // 4 + (hash(S + k, (y * width + x) * 3 + c) >> 26)          0 ... 254

with the stream S in the metadata.

Images 0 and 1 are 300x300 and used for training, image 2 is 500 wide, 375 high and used for detection. The network gets
pixel / 255.

Projections. A whole tensor is pinned by sixteen sums of its elements: in sum b each is taken times +1 where bit b of
hash(t, i) is set and times -1 where it is not. The root mean square of the sixteen differences of two tensors'
projections estimates the L2 norm of the tensors' difference, to about a sixth.

Samples. Elements 0, s, 2s ... of a flattened tensor of `count` elements, s being the smallest integer that is at least
count / 256 and has no common divisor with count (so that every kernel position is met): at most 256 elements.
"""
import argparse
import json
import math
import pathlib
import platform
import warnings

import numpy as np
import safetensors.numpy
import torch
import torchvision
from torchvision.models.detection import ssd300_vgg16
from torchvision.ops import box_iou

CLASSES = 21
# Multiples of the He bound, by the first prefix that fits.
GAINS = [
    ("backbone.features.0.", 1 / 4),
    ("backbone.features.2.", 1 / 4),
    ("backbone.features.5.", 1 / 4),
    ("head.regression_head.", 1 / 4),
    ("head.classification_head.module_list.0.", 1),
    ("head.classification_head.", 1 / 2),
    ("", 1),
]
LEARNING_RATE = 0.00002
MOMENTUM = 0.9
WEIGHT_DECAY = 0.05
STEPS = 3
# Chosen so that few activations lie near the kink of a ReLU or maximum: see README.md, Rounding.
IMAGE_STREAM = 1500
PROJECTIONS = 16
ROW_STRIDE = 13
# Relative to the root mean square of a convolution's output: a stand-in for rounding errors, far above those of float32.
NOISE = 1e-5
IMAGE_SIZES = [(300, 300), (300, 300), (500, 375)]
# Pixels x1, y1, x2, y2 and class of the objects in the two training images.
GROUND_TRUTH = [
    [(12, 9, 288, 291, 7), (136, 84, 285, 219, 15), (210, 20, 242, 49, 3)],
    [(30, 60, 240, 275, 12), (190, 30, 262, 112, 20)],
]


def hashes(stream, count):
    """hash(stream, 0 ..< count) as uint32."""
    x = np.uint32(stream * 0x9E3779B9 & 0xFFFFFFFF) + np.arange(count, dtype=np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x


def parameter_values(name, stream, shape):
    """The float32 values of the named tensor."""
    values = 2 * ((hashes(stream, math.prod(shape)) + 0.5) / 2**32) - 1
    if name == "backbone.scale_weight":
        values = 20 + values
    elif len(shape) == 1:
        values = 0.01 * values
    else:
        gain = next(gain for prefix, gain in GAINS if name.startswith(prefix))
        values = gain * math.sqrt(6 / math.prod(shape[1:])) * values
    return values.astype(np.float32).reshape(shape)


def image_pixels(k):
    """Image k as uint8 [height, width, 3]."""
    width, height = IMAGE_SIZES[k]
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")

    def wave(n, p):
        return np.abs(n % (2 * p) - p) * 255 // p

    a = wave(3 * x + 2 * y + 40 * c + 90 * k, 97)
    b = wave(x * (y + 50) // 60 + 70 * c, 131 + 10 * k)
    e = 127 * ((x // 37 + y // 29 + c + k) % 3)
    noise = (hashes(IMAGE_STREAM + k, x.size) >> np.uint32(26)).reshape(x.shape)
    return ((3 * a + 3 * b + 2 * e) // 8 * 3 // 4 + noise).astype(np.uint8)


def make_model(dtype):
    """torchvision's SSD300 with the weights of the formula."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "trainable_backbone_layers has no effect", which is what is wanted
        model = ssd300_vgg16(
            weights=None, weights_backbone=None, num_classes=CLASSES, trainable_backbone_layers=5)
    state = model.state_dict()
    for stream, name in enumerate(sorted(state)):
        state[name].copy_(torch.from_numpy(parameter_values(name, stream, tuple(state[name].shape))))
    return model.to(dtype)


def network_input(k, dtype):
    """Image k as [3, height, width] in 0 ... 1."""
    return torch.from_numpy(image_pixels(k)).permute(2, 0, 1).to(dtype) / 255


def make_targets(dtype):
    """The ground truth in torchvision's form."""
    return [
        {"boxes": torch.tensor([o[:4] for o in objects], dtype=dtype), "labels": torch.tensor([o[4] for o in objects])}
        for objects in GROUND_TRUTH
    ]


def parameters_by_name(model):
    return dict(sorted(model.named_parameters()))


def mining_margin(confidence, selected, matches):
    """The smallest difference in confidence loss between a mined negative and one that was left out."""
    loss = torch.logsumexp(confidence, 2) - confidence[:, :, 0]
    return min(
        (l[s & (m < 0)].min() - l[~s & (m < 0)].max()).item() for l, s, m in zip(loss, selected, matches))


def add_noise(_module, _inputs, output):
    return output + NOISE * output.detach().square().mean().sqrt() * torch.randn_like(output)


def train(dtype, noisy=False):
    """Outputs, matches and gradients of the first step; losses and mined boxes of all steps; changes of the weights."""
    model = make_model(dtype).train()
    parameters = parameters_by_name(model)
    biases = [p for name, p in parameters.items() if name.endswith(".bias")]
    others = [p for name, p in parameters.items() if not name.endswith(".bias")]
    optimizer = torch.optim.SGD(
        [
            {"params": others, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
            {"params": biases, "lr": 2 * LEARNING_RATE, "weight_decay": 0},
        ],
        momentum=MOMENTUM)
    images = [network_input(k, dtype) for k in range(len(GROUND_TRUTH))]
    heads, matches = [], []

    def record_heads(_module, _inputs, outputs):
        heads.append(outputs)
        if outputs["cls_logits"].requires_grad:
            outputs["cls_logits"].retain_grad()

    matcher = model.proposal_matcher

    def record_matches(quality):
        matches.append(matcher(quality))
        return matches[-1]

    if noisy:
        torch.manual_seed(0)
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.register_forward_hook(add_noise)
    model.head.register_forward_hook(record_heads)
    model.proposal_matcher = record_matches

    initial = {name: p.detach().clone() for name, p in parameters.items()}
    losses, selected, margins, gradients = [], [], [], None
    for _ in range(STEPS):
        loss = model(images, make_targets(dtype))
        losses.append([loss["bbox_regression"].item(), loss["classification"].item()])
        optimizer.zero_grad()
        sum(loss.values()).backward()
        # Only positives and mined negatives have a gradient.
        selected.append(heads[-1]["cls_logits"].grad.abs().sum(2) > 0)
        margins.append(mining_margin(heads[-1]["cls_logits"].detach(), selected[-1], matches[-len(images):]))
        if gradients is None:
            gradients = {name: p.grad.double() for name, p in parameters.items()}
        optimizer.step()
    with torch.no_grad():
        loss = model(images, make_targets(dtype))
    losses.append([loss["bbox_regression"].item(), loss["classification"].item()])
    return {
        "losses": losses,
        "location": heads[0]["bbox_regression"].detach().double(),
        "confidence": heads[0]["cls_logits"].detach().double(),
        "matches": matches[: len(GROUND_TRUTH)],
        "selected": selected,
        "margins": margins,
        "gradients": gradients,
        "changes": {name: p.detach().double() - initial[name].double() for name, p in parameters.items()},
    }


def detect(dtype):
    """torchvision's detections on image 2."""
    model = make_model(dtype).eval()
    with torch.no_grad():
        return model([network_input(2, dtype)])[0]


def share_found(expected, actual):
    """The share of `expected` with a detection of the same class, IoU > 0.99 and score within 0.001 in `actual`."""
    overlap = box_iou(expected["boxes"].double(), actual["boxes"].double()) > 0.99
    same_class = expected["labels"][:, None] == actual["labels"][None]
    same_score = (expected["scores"].double()[:, None] - actual["scores"].double()[None]).abs() <= 0.001
    return (overlap & same_class & same_score).any(1).double().mean().item()


def default_boxes(model):
    """[8732, 4] centre x, centre y, width, height, as fractions."""
    maps = [[38, 38], [19, 19], [10, 10], [5, 5], [3, 3], [1, 1]]
    return model.anchor_generator._grid_default_boxes(maps, [300, 300])


def sample(tensor):
    """The sampled elements described above."""
    count = tensor.numel()
    stride = -(-count // 256)
    while math.gcd(stride, count) != 1:
        stride += 1
    return tensor.flatten()[::stride]


def projections(tensor, stream):
    bits = hashes(stream, tensor.numel())
    values = tensor.double().flatten().numpy()
    return [2 * float(values[(bits >> np.uint32(b)) & np.uint32(1) == 1].sum()) - float(values.sum())
            for b in range(PROJECTIONS)]


def relative_error(actual, expected):
    """L2 norm of the difference over the L2 norm of the expected tensor."""
    return ((actual - expected).norm() / expected.norm()).item()


def check_ground_truth(boxes):
    """Stops unless the matching is the same with rounding errors and with any usual matching rule."""
    corners = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1).double() * 300
    for target in make_targets(torch.float64):
        overlap = box_iou(target["boxes"], corners)
        top = overlap.topk(2, dim=1)
        assert len(set(top.indices[:, 0].tolist())) == len(overlap), "two objects share their best default box"
        assert (top.values[:, 0] - top.values[:, 1]).min() > 1e-3, "an object's best default box is nearly tied"
        assert (overlap - 0.5).abs().min() > 1e-4, "an IoU is nearly 0.5"
        assert ((overlap >= 0.5).sum(0) < 2).all(), "a default box matches two objects"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent / "torchvision-ssd300.safetensors")
    parser.add_argument("--image-stream", type=int, default=IMAGE_STREAM)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    globals()["IMAGE_STREAM"] = arguments.image_stream

    tensors = {}

    def add(name, values, dtype=np.float32):
        tensors[name] = np.ascontiguousarray(np.asarray(values, dtype=dtype))

    model = make_model(torch.float32)
    parameters = {name: p.detach() for name, p in parameters_by_name(model).items()}
    add("parameters.first", [p.flatten()[:4].numpy() for p in parameters.values()])
    add("parameters.projections", [projections(p, t) for t, p in enumerate(parameters.values())], np.float64)
    for k in range(len(IMAGE_SIZES)):
        add(f"images.{k}.row", image_pixels(k)[7])
        add(f"images.{k}.sum", [image_pixels(k).sum(dtype=np.int64)], np.float64)

    boxes = default_boxes(model)
    check_ground_truth(boxes)
    add("default_boxes.rows", boxes[::ROW_STRIDE])
    add("default_boxes.sums", boxes.double().sum(0), np.float64)

    exact = train(torch.float64)
    inexact = {"float32": train(torch.float32), "noise": train(torch.float64, noisy=True)}
    assert min(exact["margins"]) > 2e-4, "hard negative mining is nearly tied"
    for result in inexact.values():
        assert all(map(torch.equal, exact["selected"], result["selected"])), "noise changes the mined negatives"
    assert all(g.norm() > 0 for g in exact["gradients"].values()), "a parameter has no gradient"
    add("outputs.location.rows", exact["location"][:, ::ROW_STRIDE])
    add("outputs.confidence.rows", exact["confidence"][:, ::ROW_STRIDE])
    add("outputs.norms", [exact["location"].norm(), exact["confidence"].norm()], np.float64)
    add("losses", exact["losses"], np.float64)
    for k, (objects, match) in enumerate(zip(GROUND_TRUTH, exact["matches"])):
        positives = torch.where(match >= 0)[0]
        add(f"ground_truth.{k}.boxes", [o[:4] for o in objects])
        add(f"ground_truth.{k}.labels", [o[4] for o in objects])
        add(f"matching.{k}.positives", positives)
        add(f"matching.{k}.objects", match[positives])
        add(f"matching.{k}.mined_negatives", torch.where(exact["selected"][0][k] & (match < 0))[0])
    for kind, key in [("gradients", "gradients"), ("changes", "changes")]:
        add(f"{kind}.norms", [g.norm() for g in exact[key].values()], np.float64)
        add(f"{kind}.projections", [projections(g, t) for t, g in enumerate(exact[key].values())], np.float64)
    for name in parameters:
        add(f"gradients.samples.{name}", sample(exact["gradients"][name]))
        add(f"changes.samples.{name}", sample(exact["changes"][name]))

    detections = detect(torch.float64)
    found = share_found(detections, detect(torch.float32))
    assert found == 1, f"float32 finds only {found:.3f} of the detections"
    add("detections.boxes", detections["boxes"])
    add("detections.labels", detections["labels"])
    add("detections.scores", detections["scores"])

    for kind, result in inexact.items():
        add(f"{kind}.outputs.errors", [relative_error(result[k], exact[k]) for k in ["location", "confidence"]])
        add(f"{kind}.losses", result["losses"], np.float64)
        for key in ["gradients", "changes"]:
            add(f"{kind}.{key}.errors", [relative_error(result[key][name], exact[key][name]) for name in parameters])

    description = {
        "model": "torchvision.models.detection.ssd300_vgg16",
        "classes": CLASSES,
        "image_mean": model.transform.image_mean,
        "image_std": model.transform.image_std,
        "learning_rate": LEARNING_RATE,
        "bias_learning_rate_multiplier": 2,
        "momentum": MOMENTUM,
        "weight_decay": WEIGHT_DECAY,
        "row_stride": ROW_STRIDE,
        "image_stream": IMAGE_STREAM,
        "noise": NOISE,
        "parameters": list(parameters),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "safetensors": safetensors.__version__,
        },
    }
    safetensors.numpy.save_file(tensors, arguments.output, metadata={"fixture": json.dumps(description)})
    print(f"{arguments.output}: {len(tensors)} tensors, {arguments.output.stat().st_size} bytes")
    print("losses", exact["losses"])
    for kind in inexact:
        for key in ["outputs", "gradients", "changes"]:
            print(f"largest relative L2 error, {kind}, {key}: {tensors[f'{kind}.{key}.errors'].max():.1e}")


if __name__ == "__main__":
    main()
