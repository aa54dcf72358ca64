#!/usr/bin/env python3
"""Times torchvision's SSD on VGG-16 for compare.py; prints one JSON object.

step       forward, loss, backward and an update by SGD with momentum, on random images with one to four objects each
inference  the network, decoding and non-maximum suppression
loader     reading, decoding, the augmentation of SSD and resizing, by torchvision.transforms.v2
"""

import argparse
import contextlib
import itertools
import json
import pathlib
import random
import re
import time

import torch
import torchvision
from torchvision.models import detection, vgg16
from torchvision.models.detection import ssd
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.transforms import v2

from voc_images import AUGMENTATIONS, MEAN, SIDE, AnnotatedImages

CLASSES = 21  # background included
SIDES = {"ssd300-vgg16": SIDE, "ssd512-vgg16": 512}
PACKED = 32  # images that a loader puts together


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["step", "inference", "loader"])
    parser.add_argument("--model", choices=SIDES, default="ssd300-vgg16")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], default="contiguous")
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("--split")
    parser.add_argument("--images", type=int)
    return parser.parse_args()


def ssd512():
    """torchvision has the network of SSD512, but nothing that makes a detector of it."""
    backbone = ssd._vgg_extractor(vgg16(weights=None), highres=True, trainable_layers=5)
    boxes = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]],
        scales=[0.07, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05], steps=[8, 16, 32, 64, 128, 256, 512],
    )
    return ssd.SSD(backbone, boxes, (512, 512), CLASSES)


def network(options):
    # Without pretrained weights every layer is trained.
    if options.model == "ssd512-vgg16":
        model = ssd512()
    else:
        model = detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=CLASSES)
    if options.layout == "channels_last":
        model = model.to(memory_format=torch.channels_last)
    return model


def arithmetic(options):
    if options.precision == "bfloat16":
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def made_up_images(count, side):
    return [torch.rand(3, side, side) for _ in range(count)]


def made_up_objects(count, side):
    """One to four boxes an image, with sides of 10 % to 80 % of the image's, as Multibox makes them up."""
    objects = []
    for _ in range(count):
        number = random.randint(1, 4)
        size = side * (0.1 + 0.7 * torch.rand(number, 2))
        corner = (side - size) * torch.rand(number, 2)
        boxes = torch.cat([corner, corner + size], dim=1)
        objects.append({"boxes": boxes, "labels": torch.randint(1, CLASSES, (number,))})
    return objects


def time_iterations(options, iterate):
    seconds = []
    for _ in range(options.warm_up + options.iterations):
        start = time.perf_counter()
        iterate()
        seconds.append(time.perf_counter() - start)
    return seconds[options.warm_up :]


def time_steps(options):
    model = network(options).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
    side = SIDES[options.model]
    images, objects = made_up_images(options.batch, side), made_up_objects(options.batch, side)

    def iterate():
        with arithmetic(options):
            losses = model(images, objects)
            loss = losses["classification"] + losses["bbox_regression"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return time_iterations(options, iterate)


def time_inference(options):
    model = network(options).eval()
    images = made_up_images(options.batch, SIDES[options.model])

    def iterate():
        with torch.inference_mode(), arithmetic(options):
            model(images)

    return time_iterations(options, iterate)


def pack(samples):
    return torch.stack([image for image, _ in samples]), [objects for _, objects in samples]


def time_loader(options):
    """Prepares the images twice; the second pass counts, when the system has the files in memory."""
    transforms = [
        *AUGMENTATIONS["ssd"],
        v2.Resize((SIDE, SIDE), antialias=True),
        v2.ToDtype(torch.float32, scale=False),
        v2.Normalize(mean=MEAN, std=(1, 1, 1)),
    ]
    images = AnnotatedImages(options.root, options.split, transforms)
    order = random.sample(range(len(images)), len(images))
    torch.set_num_threads(1)
    # A single thread is this one; more are processes, which do not wait for each other's interpreter.
    workers = options.threads if options.threads > 1 else 0
    loader = torch.utils.data.DataLoader(
        images, sampler=list(itertools.islice(itertools.cycle(order), options.images)),
        batch_size=PACKED, collate_fn=pack, num_workers=workers, persistent_workers=workers > 0,
    )
    for _ in range(2):
        start = time.perf_counter()
        for _ in loader:
            pass
        seconds = time.perf_counter() - start
    return seconds


def peak_memory_bytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    random.seed(0)
    measure = {"step": time_steps, "inference": time_inference, "loader": time_loader}[options.task]
    report = {
        "seconds": measure(options),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "peak_memory_bytes": peak_memory_bytes(),
    }
    if options.task == "loader":
        report["images"] = options.images
    else:
        report["batch"] = options.batch
    print(json.dumps(report))


if __name__ == "__main__":
    main()
