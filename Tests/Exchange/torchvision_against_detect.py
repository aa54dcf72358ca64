#!/usr/bin/env python3
"""Compares torchvision's detectors with `multibox detect`, in both directions.

  Tests/Exchange/torchvision_against_detect.py MULTIBOX IMAGE... [--networks ssd300 ssd512 ssdlite320] [--seed N]

needs torch, torchvision and pillow from PyPI. The weights are random, with heads scaled so that scores and boxes are spread: torchvision's
ssd300_vgg16 and ssdlite320_mobilenet_v3_large, and its SSD class on the layers of SSD512. First `detect` reads what torch.save has
written. Then `multibox train` makes one iteration from that, and torchvision loads the export strictly. A detection of one program must
have one of the other with the same label, a score that differs by at most 0.001 and an IoU above 0.99; those with a score within 0.001
of the threshold, or of the last that is kept, may be missing. Images are read from PNG. Ends with 1 when one is missing.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from PIL import Image
from torch import nn
from torchvision.models import vgg16
from torchvision.models.detection import ssd300_vgg16, ssdlite320_mobilenet_v3_large
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG, SSDHead
from torchvision.transforms.functional import to_tensor

from matching import Comparison

CLASSES = ["circle", "square", "triangle", "star", "cross", "ring"]
THRESHOLD = 0.05
MODELS = {
    "ssd300": {"name": "ssd300-vgg16", "default_boxes": "torchvision", "matching": "argmax"},
    "ssd512": {"name": "ssd512-vgg16", "default_boxes": "voc"},
    "ssdlite320": {"name": "ssdlite320-mobilenet-v3-large"},
}
# Largest IoU, boxes of a class that enter, and all that are kept.
SUPPRESSION = {"ssd300": (0.45, 400, 200), "ssd512": (0.45, 400, 200), "ssdlite320": (0.55, 300, 300)}


def ssd512(num_classes):
    """The authors' SSD512, which torchvision does not have, of its parts."""
    backbone = SSDFeatureExtractorVGG(vgg16(weights=None).features, highres=False)
    pairs = [(1024, 256, 512, 3, 2), (512, 128, 256, 3, 2), (256, 128, 256, 3, 2), (256, 128, 256, 3, 2), (256, 128, 256, 4, 1)]
    extras = [
        nn.Sequential(nn.Conv2d(a, b, 1), nn.ReLU(True), nn.Conv2d(b, c, kernel, stride, padding=1), nn.ReLU(True))
        for a, b, c, kernel, stride in pairs
    ]
    backbone.extra = nn.ModuleList([backbone.extra[0], *extras])
    boxes = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]],
        scales=[size / 512 for size in (35.84, 76.8, 153.6, 230.4, 307.2, 384, 460.8, 537.6)],
        steps=[8, 16, 32, 64, 128, 256, 512],
        clip=False,
    )
    head = SSDHead([512, 1024, 512, 256, 256, 256, 256], boxes.num_anchors_per_location(), num_classes)
    return SSD(
        backbone, boxes, (512, 512), num_classes, head=head, image_mean=[0.48235, 0.45882, 0.40784], image_std=[1 / 255] * 3
    )


def build(name):
    count = len(CLASSES) + 1
    if name == "ssd300":
        model = ssd300_vgg16(weights=None, weights_backbone=None, num_classes=count)
    elif name == "ssd512":
        model = ssd512(count)
    else:
        model = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=count)
    model.score_thresh = THRESHOLD
    return model.eval()


@torch.no_grad()
def spread(model, images):
    """Gives every source map's scores and boxes a spread, and batch normalisations the statistics of the images."""
    normalizations = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in normalizations:
        layer.reset_running_stats()
        layer.momentum = 0.5
    batch = model.transform(images)[0].tensors
    model.train()
    for _ in range(12 if normalizations else 0):
        model.head(list(model.backbone(batch).values()))
    model.eval()
    for layer in normalizations:
        layer.momentum = 0.03
    features = list(model.backbone(batch).values())
    for head, deviation in ((model.head.classification_head, 3), (model.head.regression_head, 0.5)):
        for layer, feature in zip(head.module_list, features):
            last = layer if isinstance(layer, nn.Conv2d) else layer[-1]
            last.weight *= deviation / layer(feature).std().clamp(min=1e-6)


@torch.no_grad()
def found(model, images):
    results = []
    for image in images:
        result = model([image])[0]
        rows = zip(result["labels"], result["scores"], result["boxes"])
        results.append([(CLASSES[label - 1], float(score), box.numpy()) for label, score, box in rows])
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("multibox", type=lambda path: pathlib.Path(path).absolute())
    parser.add_argument("images", nargs="+", type=pathlib.Path)
    parser.add_argument("--networks", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        files = [directory / f"{number}.png" for number in range(len(options.images))]
        for source, file in zip(options.images, files):
            Image.open(source).convert("RGB").save(file)
        images = [to_tensor(Image.open(file)) for file in files]

        def run(*arguments):
            result = subprocess.run([options.multibox, *map(str, arguments)], capture_output=True, text=True, check=False)
            if result.returncode:
                sys.exit(f"multibox {arguments[0]} ended with {result.returncode}: {result.stderr}")

        def detect(file, config):
            run("detect", file, *files, "--config", config, "--json", directory / "found.json", "--score-threshold", THRESHOLD)
            return [
                [(each["class"], each["score"], numpy.array(each["box"])) for each in image["detections"]]
                for image in json.loads((directory / "found.json").read_text())
            ]

        run("synthesize", directory / "shapes", "--images", 12)
        for name in options.networks:
            torch.manual_seed(options.seed)
            model = build(name)
            spread(model, images)
            threshold, top, keep = SUPPRESSION[name]
            config = directory / f"{name}.yaml"
            # JSON is YAML.
            config.write_text(
                json.dumps(
                    {
                        "version": 1,
                        "model": MODELS[name],
                        "data": {
                            "root": f"{directory}/shapes",
                            "train_split": "trainval",
                            "evaluation_split": None,
                            "classes": CLASSES,
                        },
                        "training": {"global_batch": 4, "micro_batch": 4, "iterations": 1, "learning_rate": 1e-8},
                        "evaluation": {"nms_threshold": threshold, "top_k": top, "keep": keep, "clip": "before-nms"},
                        "output": f"{directory}/{name}",
                    }
                )
            )
            published, ours = directory / f"{name}.pth", directory / f"{name}-ours.pth"
            torch.save(model.state_dict(), published)
            back = build(name)
            run("train", config, "--set", f"model.weights={published}")
            run("export", directory / name, ours)
            back.load_state_dict(torch.load(ours, weights_only=True))
            for title, file, network in (("torchvision to multibox", published, model), ("multibox to torchvision", ours, back)):
                comparison = Comparison(THRESHOLD, keep)
                for one, other in zip(detect(file, config), found(network, images)):
                    comparison.add(one, other)
                failed |= not comparison.is_same
                print(f"{name}, {title}: {comparison}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
