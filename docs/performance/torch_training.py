#!/usr/bin/env python3
"""Trains torchvision's ssd300_vgg16 as a Multibox configuration does, and writes its detections for `multibox score`.

Data, classes, weights, batch, schedule, momentum, decay and the rule for biases are the configuration's; network, default
boxes, matching, augmentation (torchvision.transforms.v2) and post-processing are torchvision's. Forward and backward run in
bfloat16 (autocast) or float32 with channels last, detection in float32.

  docs/performance/torch_training.py runs/NAME/config.yaml --threads 2 --output runs/torchvision

takes the resolved configuration of a run, one data directory in Pascal VOC's layout. The output directory gets
metrics.jsonl, weights.safetensors and detections.json (COCO results, image_id is the image's name). Started again, a training
that was ended goes on from its last 25th iteration.

Like for like: --weights takes the weights that a run of Multibox began with, predictors and all, and with them the scales of
large inputs by which gradients are divided; --order takes its images.jsonl, so that every iteration has the same images.

  multibox train CONFIG --set training.learning_rate=1e-30 --set training.weight_decay=0 --stop-at 1 --output runs/start
  multibox train CONFIG --set data.log_images=true --output runs/NAME
  docs/performance/torch_training.py runs/NAME/config.yaml --weights runs/start/checkpoints/iteration-0000001.safetensors \
    --order runs/NAME/images.jsonl --threads 2 --output runs/torchvision
"""

import argparse
import itertools
import json
import math
import pathlib
import random
import time

import torch
import yaml
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torchvision.models import detection
from torchvision.transforms import v2

from voc_images import AUGMENTATIONS, SIDE, AnnotatedImages, names, read_image

VOC = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep "
    "sofa train tvmonitor"
).split()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration", type=pathlib.Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--weights", type=pathlib.Path, help="a checkpoint to begin with, instead of the configuration's weights")
    parser.add_argument("--order", type=pathlib.Path, help="images.jsonl of a run, whose order of images is taken")
    parser.add_argument("--precision", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument("--detect-every", type=int, help="writes detections-ITERATION.json so often")
    return parser.parse_args()


def endless(images):
    """Positions of images in random order, every image once an epoch."""
    while True:
        yield from random.sample(range(len(images)), len(images))


def in_order(images, path):
    """Positions of images in the order in which a run of Multibox had them."""
    positions = {entry[0]: index for index, entry in enumerate(images.entries)}
    for line in path.read_text().splitlines():
        for name in json.loads(line)["images"]:
            yield positions[name]


def rate(training, iteration):
    """Learning rate of an iteration, counted from 0."""
    schedule, iterations = training["schedule"], training["iterations"]
    if schedule.get("kind", "steps") == "cosine":
        behind = max(0, iteration - schedule["warmup_iterations"])
        value = training["learning_rate"] * (1 + math.cos(math.pi * behind / (iterations - schedule["warmup_iterations"]))) / 2
    else:
        milestones = [m if m >= 1 else round(m * iterations) for m in schedule["milestones"]]
        value = training["learning_rate"] * schedule["factor"] ** sum(iteration >= m for m in milestones)
    warmup = schedule["warmup_iterations"]
    if iteration < warmup:
        value *= schedule["warmup_factor"] + (1 - schedule["warmup_factor"]) * iteration / warmup
    return value


def optimizer(model, training):
    biases = [p for name, p in model.named_parameters() if name.endswith(".bias")]
    others = [p for name, p in model.named_parameters() if not name.endswith(".bias")]
    multiplier = training["bias_learning_rate_multiplier"]
    groups = [
        {"params": others, "weight_decay": training["weight_decay"], "multiplier": 1},
        {"params": biases, "weight_decay": 0, "multiplier": multiplier},
    ]
    return torch.optim.SGD(groups, lr=training["learning_rate"], momentum=training["momentum"])


def divide_gradients(model, scales):
    """Divides gradients by the squares of the scales of the inputs that they belong to."""
    for name, parameter in model.named_parameters():
        if name in scales:
            parameter.register_hook(lambda gradient, scale=scales[name]: gradient / scale**2)


class State:
    """What a training continues from, in a file."""

    EVERY = 25

    def __init__(self, path, model, sgd):
        self.path, self.model, self.sgd = path, model, sgd

    def load(self):
        """The iterations that are done."""
        if not self.path.exists():
            return 0
        saved = torch.load(self.path)
        self.model.load_state_dict(saved["model"])
        self.sgd.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
        return saved["iteration"]

    def save(self, iteration):
        if iteration % self.EVERY == 0:
            partial = self.path.with_suffix(".partial")
            parts = {"model": self.model.state_dict(), "optimizer": self.sgd.state_dict(), "random": torch.get_rng_state()}
            torch.save({"iteration": iteration, **parts}, partial)
            partial.replace(self.path)


def train(model, images, order, training, output, precision, evaluate):
    sgd = optimizer(model, training)
    state = State(output / "state.pt", model, sgd)
    done = state.load()
    metrics = output / "metrics.jsonl"
    kept = metrics.read_text().splitlines(keepends=True)[:done] if done else []
    metrics.write_text("".join(kept))
    order = itertools.islice(order, done * training["global_batch"], None)
    for iteration in range(done, training["iterations"]):
        start = time.perf_counter()
        batch = [images[position] for position in itertools.islice(order, training["global_batch"])]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            losses = model([image for image, _ in batch], [objects for _, objects in batch])
            loss = losses["classification"] + losses["bbox_regression"]
        if not loss.isfinite():
            raise SystemExit(f"iteration {iteration + 1}: the loss is {loss.item()}")
        for group in sgd.param_groups:
            group["lr"] = rate(training, iteration) * group["multiplier"]
        sgd.zero_grad(set_to_none=True)
        loss.backward()
        if training.get("gradient_clip_norm"):
            torch.nn.utils.clip_grad_norm_(model.parameters(), training["gradient_clip_norm"])
        sgd.step()
        line = {
            "iteration": iteration + 1,
            "loss": loss.item(),
            "confidence_loss": losses["classification"].item(),
            "location_loss": losses["bbox_regression"].item(),
            "images_per_second": len(batch) / (time.perf_counter() - start),
        }
        with metrics.open("a") as log:
            print(json.dumps(line), file=log)
        evaluate(iteration + 1)
        state.save(iteration + 1)


def detect(model, root, split):
    results = []
    model.eval()
    clock = time.perf_counter()
    for name in names(root, split):
        with torch.inference_mode():
            found = model([read_image(root, name) / 255])[0]
        for box, label, score in zip(found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist()):
            left, top, right, bottom = box
            bbox = [left, top, right - left, bottom - top]
            results.append({"image_id": name, "category_id": label, "bbox": bbox, "score": score})
    print(f"detected in {len(list(names(root, split)))} images in {time.perf_counter() - clock:.1f} s", flush=True)
    model.train()
    return results


def main():
    options = parse()
    configuration = yaml.safe_load(options.configuration.read_text())
    data, training = configuration["data"], configuration["training"]
    root, classes = pathlib.Path(data["root"]), data["classes"] or VOC
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(training["seed"])
    random.seed(training["seed"])
    model = detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=len(classes) + 1)
    weights = options.weights or configuration["model"]["weights"]
    tensors = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("optimizer.")}
    model.load_state_dict(tensors, strict=options.weights is not None)
    with safe_open(weights, "pt") as file:
        divide_gradients(model, json.loads((file.metadata() or {}).get("input_scales", "{}")))
    model = model.to(memory_format=torch.channels_last).train()
    options.output.mkdir(parents=True, exist_ok=True)
    transforms = [
        *AUGMENTATIONS[data["augmentation"]],
        v2.Resize((SIDE, SIDE), antialias=True),
        v2.ToDtype(torch.float32, scale=True),
    ]
    images = AnnotatedImages(root, data["train_split"], transforms, classes)
    order = in_order(images, options.order) if options.order else endless(images)

    def evaluate(iteration):
        if options.detect_every and iteration % options.detect_every == 0:
            found = detect(model, root, data["evaluation_split"])
            (options.output / f"detections-{iteration:05}.json").write_text(json.dumps(found))

    train(model, images, order, training, options.output, options.precision, evaluate)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, options.output / "weights.safetensors")
    results = detect(model, root, data["evaluation_split"])
    (options.output / "detections.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main()
