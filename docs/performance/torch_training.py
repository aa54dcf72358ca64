#!/usr/bin/env python3
"""Trains torchvision's ssd300_vgg16 as a Multibox configuration does, and writes its detections for `multibox score`.

Data, classes, weights, batch, schedule, momentum, decay and the rule for biases are the configuration's; network, default
boxes, matching, augmentation (torchvision.transforms.v2) and post-processing are torchvision's. Forward and backward run in
bfloat16 (autocast) with channels last, detection in float32.

  docs/performance/torch_training.py runs/NAME/config.yaml --threads 2 --output runs/torchvision

takes the resolved configuration of a run, one data directory in Pascal VOC's layout. The output directory gets
metrics.jsonl, weights.safetensors and detections.json (COCO results, image_id is the image's name).
"""

import argparse
import json
import pathlib
import random
import time

import torch
import yaml
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
    return parser.parse_args()


def endless(images):
    """Samples in random order, every image once an epoch."""
    while True:
        for index in random.sample(range(len(images)), len(images)):
            yield images[index]


def rate(training, iteration):
    """Learning rate of an iteration, counted from 0."""
    schedule = training["schedule"]
    value = training["learning_rate"] * schedule["factor"] ** sum(iteration >= m for m in schedule["milestones"])
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


def train(model, images, training, log):
    sgd = optimizer(model, training)
    samples = endless(images)
    for iteration in range(training["iterations"]):
        start = time.perf_counter()
        batch = [next(samples) for _ in range(training["global_batch"])]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses = model([image for image, _ in batch], [objects for _, objects in batch])
            loss = losses["classification"] + losses["bbox_regression"]
        if not loss.isfinite():
            raise SystemExit(f"iteration {iteration + 1}: the loss is {loss.item()}")
        for group in sgd.param_groups:
            group["lr"] = rate(training, iteration) * group["multiplier"]
        sgd.zero_grad(set_to_none=True)
        loss.backward()
        sgd.step()
        line = {
            "iteration": iteration + 1,
            "loss": loss.item(),
            "confidence_loss": losses["classification"].item(),
            "location_loss": losses["bbox_regression"].item(),
            "images_per_second": len(batch) / (time.perf_counter() - start),
        }
        print(json.dumps(line), file=log, flush=True)


def detect(model, root, split):
    results = []
    model.eval()
    for name in names(root, split):
        with torch.inference_mode():
            found = model([read_image(root, name) / 255])[0]
        for box, label, score in zip(found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist()):
            left, top, right, bottom = box
            bbox = [left, top, right - left, bottom - top]
            results.append({"image_id": name, "category_id": label, "bbox": bbox, "score": score})
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
    model.load_state_dict(load_file(configuration["model"]["weights"]), strict=False)
    model = model.to(memory_format=torch.channels_last).train()
    options.output.mkdir(parents=True, exist_ok=True)
    transforms = [
        *AUGMENTATIONS[data["augmentation"]],
        v2.Resize((SIDE, SIDE), antialias=True),
        v2.ToDtype(torch.float32, scale=True),
    ]
    with open(options.output / "metrics.jsonl", "w") as log:
        train(model, AnnotatedImages(root, data["train_split"], transforms, classes), training, log)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, options.output / "weights.safetensors")
    results = detect(model, root, data["evaluation_split"])
    (options.output / "detections.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main()
