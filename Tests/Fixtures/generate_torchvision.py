#!/usr/bin/env python3
"""Writes torchvision-ssd300.safetensors: what torchvision's SSD300 computes from weights and images given by formulas.

    python3 -m venv venv && venv/bin/pip install torch torchvision safetensors
    venv/bin/python Tests/Fixtures/generate_torchvision.py

The model is `ssd300_vgg16(num_classes=21)` of torchvision, evaluated in float64. Two more evaluations, in float32 and
with noise, measure what rounding does. All takes about two minutes and 4 GB of memory. README.md lists the tensors,
ssd_formulas.py defines weights, images and hash(t, i), kinks.py the biases of the backbone.

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

import numpy as np
import safetensors.numpy
import torch
import torchvision
from torchvision.ops import box_iou

import kinks
import ssd_formulas
from ssd_formulas import hashes, image_pixels, network_input

LEARNING_RATE = 0.00002
MOMENTUM = 0.9
WEIGHT_DECAY = 0.05
STEPS = 3
PROJECTIONS = 16
ROW_STRIDE = 13
# Relative to the root mean square of a convolution's output without bias: a stand-in for rounding errors, ten times
# those of Winograd's F(4x4, 3x3).
NOISE = 1e-5
# Pixels x1, y1, x2, y2 and class of the objects in the two training images.
GROUND_TRUTH = [
    [(12, 9, 288, 291, 7), (136, 84, 285, 219, 15), (210, 20, 242, 49, 3)],
    [(30, 60, 240, 275, 12), (190, 30, 262, 112, 20)],
]


def add_noise(module, _inputs, output):
    scale = (output.detach() - module.bias.detach()[:, None, None]).square().mean().sqrt()
    return output + NOISE * scale * torch.randn_like(output)


def make_model(variant, biases):
    """torchvision's SSD300 for an evaluation: "exact", "float32" or "noise"."""
    model = ssd_formulas.make_model(torch.float32 if variant == "float32" else torch.float64, biases)
    if variant == "noise":
        torch.manual_seed(0)
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.register_forward_hook(add_noise)
    return model


def training_images(model):
    return [network_input(k, next(model.parameters()).dtype) for k in range(len(GROUND_TRUTH))]


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


def train(model):
    """Outputs, matches and gradients of the first step; losses and mined boxes of all steps; changes of the weights."""
    model.train()
    images = training_images(model)
    dtype = images[0].dtype
    parameters = parameters_by_name(model)
    biases = [p for name, p in parameters.items() if name.endswith(".bias")]
    others = [p for name, p in parameters.items() if not name.endswith(".bias")]
    optimizer = torch.optim.SGD(
        [
            {"params": others, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
            {"params": biases, "lr": 2 * LEARNING_RATE, "weight_decay": 0},
        ],
        momentum=MOMENTUM)
    heads, matches = [], []

    def record_heads(_module, _inputs, outputs):
        heads.append(outputs)
        if outputs["cls_logits"].requires_grad:
            outputs["cls_logits"].retain_grad()

    matcher = model.proposal_matcher

    def record_matches(quality):
        matches.append(matcher(quality))
        return matches[-1]

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


def detect(model):
    """torchvision's detections on image 2."""
    model.eval()
    with torch.no_grad():
        return model([network_input(2, next(model.parameters()).dtype)])[0]


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
    bits = hashes(stream, np.arange(tensor.numel()))
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
    parser.add_argument("--image-stream", type=int, default=ssd_formulas.IMAGE_STREAM)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ssd_formulas.IMAGE_STREAM = arguments.image_stream

    tensors = {}

    def add(name, values, dtype=np.float32):
        tensors[name] = np.ascontiguousarray(np.asarray(values, dtype=dtype))

    model = make_model("exact", {})
    biases = kinks.choose_biases(model, training_images(model))
    for name, bias in biases.items():
        add(f"biases.{name}", bias)
    model = make_model("exact", biases)
    margins, shares = kinks.measure_margins(model, training_images(model))
    for name, _, asked, _ in kinks.convolutions(model):
        low, middle, high = np.quantile(shares[name], [0, 0.5, 1])
        print(f"{name:22} margin {margins[name]:.1e}, above zero {low:.3f} ... {middle:.3f} ... {high:.3f}")
        assert margins[name] > 0.99 * asked, f"{name} has a smaller margin than {asked}"
    add("margins", list(margins.values()))

    parameters = {name: p.detach() for name, p in parameters_by_name(model).items()}
    add("parameters.first", [p.flatten()[:4].numpy() for p in parameters.values()])
    add("parameters.projections", [projections(p, t) for t, p in enumerate(parameters.values())], np.float64)
    for k in range(len(ssd_formulas.IMAGE_SIZES)):
        add(f"images.{k}.row", image_pixels(k)[7])
        add(f"images.{k}.sum", [image_pixels(k).sum(dtype=np.int64)], np.float64)

    boxes = default_boxes(model)
    check_ground_truth(boxes)
    add("default_boxes.rows", boxes[::ROW_STRIDE])
    add("default_boxes.sums", boxes.double().sum(0), np.float64)

    exact = train(make_model("exact", biases))
    assert min(exact["margins"]) > 1e-3, "hard negative mining is nearly tied"
    sides = kinks.record_sides(model, training_images(model))
    detections = detect(model)
    for variant in ["float32", "noise"]:
        inexact = train(make_model(variant, biases))
        # The noise may change them once its errors have gone through an update.
        steps = 1 if variant == "noise" else STEPS
        assert all(map(torch.equal, exact["selected"][:steps], inexact["selected"])), f"{variant}: other negatives"
        model = make_model(variant, biases)
        moves = kinks.count_moves(sides, kinks.record_sides(model, training_images(model)))
        assert moves == 0, f"{variant}: {moves} activations are on the other side of zero or maxima elsewhere"
        found = share_found(detections, detect(model))
        assert found == 1, f"{variant} finds only {found:.3f} of the detections"
        add(f"{variant}.outputs.errors", [relative_error(inexact[k], exact[k]) for k in ["location", "confidence"]])
        add(f"{variant}.losses", inexact["losses"], np.float64)
        for key in ["gradients", "changes"]:
            add(f"{variant}.{key}.errors", [relative_error(inexact[key][n], exact[key][n]) for n in parameters])
        for key in ["outputs", "gradients", "changes"]:
            print(f"largest relative L2 error, {variant}, {key}: {tensors[f'{variant}.{key}.errors'].max():.1e}")

    for name, gradient in exact["gradients"].items():
        assert gradient.norm() > 1e-3, f"the gradient of {name} is too small"
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

    add("detections.boxes", detections["boxes"])
    add("detections.labels", detections["labels"])
    add("detections.scores", detections["scores"])

    description = {
        "model": "torchvision.models.detection.ssd300_vgg16",
        "classes": ssd_formulas.CLASSES,
        "image_mean": model.transform.image_mean,
        "image_std": model.transform.image_std,
        "learning_rate": LEARNING_RATE,
        "bias_learning_rate_multiplier": 2,
        "momentum": MOMENTUM,
        "weight_decay": WEIGHT_DECAY,
        "row_stride": ROW_STRIDE,
        "image_stream": ssd_formulas.IMAGE_STREAM,
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


if __name__ == "__main__":
    main()
