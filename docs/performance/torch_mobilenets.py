#!/usr/bin/env python3
"""Times the MobileNet detectors of Tests/Fixtures/mobilenets.py in PyTorch; prints one JSON object.

step       forward, loss, backward and an update by SGD with momentum, on random images with one to four objects each
inference  the network, decoding and non-maximum suppression

Matching, loss, decoding and suppression are torchvision's for every network. The weights are untrained, so that in inference every
class has as many candidates as there may be. Where PyTorch cannot use bfloat16 of the processor ("native_bfloat16" is false), it
computes depthwise convolutions channel by channel, and bfloat16 is many times slower than float32.

    python3 -m venv peers && peers/bin/pip install torch torchvision
    OMP_NUM_THREADS=2 peers/bin/python docs/performance/torch_mobilenets.py step --network ssd300-mobilenet-v1 --threads 2
"""

import argparse
import collections
import json
import pathlib
import random
import resource
import statistics
import sys

import torch
import torchvision
from torch import nn
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD

from torch_peer import CLASSES, SIDE, arithmetic, made_up_objects, time_iterations

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"))
from mobilenets import BOX_SIDES, BOX_STEPS, NETWORKS  # noqa: E402

# Smallest score, IoU of suppression, detections an image, candidates a class.
DETECTION = {
    "ssd300-mobilenet-v1": (0.01, 0.45, 200, 200),
    "ssd300-mobilenet-v2-lite": (0.01, 0.45, 200, 200),
    "ssd320-mobilenet-v2-lite": (0.02, 0.45, 200, 200),
    "ssdlite320-mobilenet-v3-large": (0.001, 0.55, 300, 300),
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["step", "inference"])
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], default="contiguous")
    return parser.parse_args()


class Maps(nn.Module):
    """The first half of a network, as torchvision calls a backbone."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return collections.OrderedDict((str(k), x) for k, x in enumerate(self.network.maps(images)))


class Predictions(nn.Module):
    """The second half, as torchvision calls a head."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, maps):
        locations, confidences = self.network.predict(maps)
        return {"bbox_regression": locations, "cls_logits": confidences}


def detector(options):
    """The network with torchvision's loss and detection, which take images in 0 ... 1."""
    network = NETWORKS[options.network](CLASSES)
    score, overlap, detections, candidates = DETECTION[options.network]
    boxes = DefaultBoxGenerator(
        [[2, 3]] * 6, scales=[side / network.side for side in BOX_SIDES[options.network]], steps=BOX_STEPS.get(options.network))
    model = SSD(
        Maps(network), boxes, (network.side, network.side), CLASSES, image_mean=[0.5] * 3, image_std=[0.5] * 3,
        head=Predictions(network), score_thresh=score, nms_thresh=overlap, detections_per_img=detections,
        topk_candidates=candidates)
    return model.to(memory_format=torch.channels_last) if options.layout == "channels_last" else model


def made_up_batch(options):
    """Images of the network's size, and their objects."""
    side = NETWORKS[options.network].side
    objects = [{**each, "boxes": each["boxes"] * (side / SIDE)} for each in made_up_objects(options.batch)]
    return [torch.rand(3, side, side) for _ in range(options.batch)], objects


def time_steps(options):
    model = detector(options).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
    images, objects = made_up_batch(options)

    def iterate():
        with arithmetic(options):
            losses = model(images, objects)
            loss = losses["classification"] + losses["bbox_regression"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return time_iterations(options, iterate)


def time_inference(options):
    model = detector(options).eval()
    images, _ = made_up_batch(options)

    def iterate():
        with torch.inference_mode(), arithmetic(options):
            model(images)

    return time_iterations(options, iterate)


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    random.seed(0)
    seconds = {"step": time_steps, "inference": time_inference}[options.task](options)
    report = {
        **vars(options),
        "seconds": seconds,
        "seconds_per_iteration": statistics.median(seconds),
        "images_per_second": options.batch / statistics.median(seconds),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "native_bfloat16": torch.ops.mkldnn._is_mkldnn_bf16_supported(),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
