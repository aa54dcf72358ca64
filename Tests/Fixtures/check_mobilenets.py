#!/usr/bin/env python3
"""Compares the networks of mobilenets.py with numbers that other builds of them gave.

    python3 -m venv venv && venv/bin/pip install torch torchvision
    venv/bin/python Tests/Fixtures/check_mobilenets.py

Prints a table and fails if a number differs; it takes a quarter of a minute. The other builds are of the origins' own code, for
mmdetection of its layers. Outputs are those for the weights of `fill_by_sines` and the image of `sines`; with the full tail and with
TensorFlow's padding they are those of mobilenets.py itself and only show changes.
"""
import argparse
import math
import sys

import torch
from torch import nn
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

from mobilenets import NETWORKS, MMMobileNetV2Lite, MobileNetV3Lite, background_first, default_boxes


def fill_by_sines(network, gain):
    """Fills every tensor of the network, converted to float64, from the length of its name: t = sin(0.37 j + 0.11 n)."""
    network.double()
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        t = torch.sin(0.37 * torch.arange(tensor.numel(), dtype=torch.float64) + 0.11 * len(name)).reshape(tensor.shape)
        if tensor.dim() == 4:
            tensor.copy_(math.sqrt(gain / tensor[0].numel()) * t)
        elif name.endswith("running_var"):
            tensor.copy_(1 + 0.5 * t**2)
        else:
            tensor.copy_((1 if name.endswith(".weight") else 0) + 0.1 * t)


def sines(side):
    """An image [1, 3, side, side] that needs no more normalisation."""
    c, y, x = torch.meshgrid(*[torch.arange(size, dtype=torch.float64) for size in [3, side, side]], indexing="ij")
    return torch.sin(0.05 * x + 0.03 * y + c)[None]


def measure(network):
    """Boxes, and multiply-adds of the convolutions, for one image."""
    counts = []

    def count(module, _inputs, output):
        counts.append(module.weight.numel() * output.shape[2] * output.shape[3])

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        locations, _ = network.eval()(torch.zeros(1, 3, network.side, network.side))
    for hook in hooks:
        hook.remove()
    return locations.shape[1], sum(counts)


# Network, classes, options; parameters, running statistics, layers of batch normalisation, default boxes, tensors of the file,
# their elements, and thousands of multiply-adds for an image.
NUMBERS = [
    ("ssd300-mobilenet-v1", 21, {}, 9_468_996, 21_888, 27, 3000, 202, 9_490_911, 1_526_987),
    ("ssd300-mobilenet-v1", 4, {}, 6_883_296, 21_888, 27, 3000, 202, None, None),
    ("ssd300-mobilenet-v1", 81, {}, 18_594_996, 21_888, 27, 3000, 202, None, 2_510_703),
    ("ssd300-mobilenet-v2-lite", 21, {}, 3_388_228, 50_112, 74, 3000, 478, 3_438_414, 660_829),
    ("ssd300-mobilenet-v2-lite", 81, {}, 4_450_228, 50_112, 74, 3000, 478, None, None),
    ("ssd320-mobilenet-v2-lite", 81, {}, 4_228_788, 48_832, 76, 3234, 480, None, 746_206),
    ("ssd320-mobilenet-v2-lite", 21, {}, 3_316_548, 48_832, 76, 3234, 480, None, 680_450),
    ("ssdlite320-mobilenet-v3-large", 91, {}, 3_440_060, 32_944, 70, 3234, 476, 3_473_074, 583_172),
    ("ssdlite320-mobilenet-v3-large", 81, {}, 3_301_460, 32_944, 70, 3234, 476, None, None),
    ("ssdlite320-mobilenet-v3-large", 21, {}, 2_469_860, 32_944, 70, 3234, 476, None, 443_288),
    ("ssdlite320-mobilenet-v3-large", 91, {"is_full": True}, 5_198_540, 40_144, 70, 3234, 476, None, 689_751),
    ("ssdlite320-mobilenet-v3-large", 21, {"is_full": True}, 4_026_740, 40_144, 70, 3234, 476, None, None),
]

# Network, classes, options, gain of fill_by_sines; then for sines(): sum and sum of magnitudes of the locations, locations of the
# first and of the last box, the same two sums of the confidences, the first three confidences of the first and of the last box.
OUTPUTS = [
    ("ssd300-mobilenet-v1", 21, {}, 2,
     [-4961.866966, 85625.456013], [-2.095291, 1.917612, -0.206833, -1.773354], [-0.064453, -0.087782, -0.102320, -0.095078],
     [-5544.200361, 449301.157715], [-1.598424, 2.215334, -1.193455], [-0.094040, -0.102078, -0.090571]),
    ("ssd300-mobilenet-v2-lite", 21, {}, 4,
     [-1785.911463, 48334.248653], [0.597431, -0.662281, -1.756848, -2.413514], [-0.693885, -0.888293, 0.339805, 0.806336],
     [4014.283163, 235564.789282], [-2.046875, -2.456379, -2.251779], [0.814713, 0.326062, -0.900814]),
    ("ssd320-mobilenet-v2-lite", 81, {}, 4,
     [3553.694161, 71569.674202], [3.163407, -3.865529, 1.163491, 2.346947], [0.159227, -0.494281, 0.425019, -0.703537],
     [2628.932468, 1418165.152026], [3.163407, -3.865529, 1.163491], [0.190816, -0.208098, 0.440716]),
    ("ssdlite320-mobilenet-v3-large", 21, {}, 4,
     [150.270099, 22587.439317], [2.873811, -0.934639, -1.555098, 3.414992], [-0.133726, -0.150949, 0.319649, -0.438793],
     [56.278386, 131660.006054], [2.071655, -0.101821, -2.189306], [-0.328434, 0.435100, -0.446543]),
    ("ssd300-mobilenet-v1", 21, {"activation": "relu6", "bn_epsilon": 1e-3, "stride2_padding": "same"}, 2,
     [-407.009527, 3920.316517], [-0.319009, 0.241929, 0.034360, -0.388060], [-0.064450, -0.087767, -0.102337, -0.095078],
     [-506.099987, 20402.581873], [-0.314789, 0.289833, -0.158842], [-0.094036, -0.102096, -0.090559]),
    ("ssdlite320-mobilenet-v3-large", 21, {"is_full": True}, 4,
     [141.873496, 20496.867541], [2.873811, -0.934639, -1.555098, 3.414992], [-0.128972, -0.157266, 0.327179, -0.447118],
     [189.546551, 105982.675292], [2.071655, -0.101821, -2.189306], [-0.331925, 0.438422, -0.449512]),
]

# Default boxes: the first, the sixth and the last, and the sums of the four columns.
DEFAULT_BOXES = [
    ("ssd300-mobilenet-v1", [0.026667, 0.026667, 0.2, 0.2], [0.026667, 0.026667, 0.115470, 0.346410], [0.5, 0.5, 0.548483, 1],
     [1538.640, 1538.640, 862.749, 862.749]),
    ("ssdlite320-mobilenet-v3-large", [0.025, 0.025, 0.2, 0.2], None, [0.5, 0.5, 0.548483, 1],
     [1617.000, 1617.000, 915.402, 915.402]),
]


class Report:
    """Lines of a table, and whether all of them agree."""

    def __init__(self):
        self.differences = 0

    def line(self, subject, expected, actual, tolerance=0.0):
        numbers = [v if isinstance(v, (list, tuple)) else [v] for v in (expected, actual)]
        agree = len(numbers[0]) == len(numbers[1]) and all(abs(a - b) <= tolerance for a, b in zip(*numbers))
        self.differences += not agree
        shown = ", ".join(f"{v:.6f}".rstrip("0").rstrip(".") if isinstance(v, float) else f"{v:,}" for v in numbers[1])
        print(f"| {subject} | {shown} | {'' if agree else f'expected {expected}'} |")


def title(name, classes, options):
    return " ".join([name, str(classes), *(f"{key}={value}" for key, value in options.items())])


def check_numbers(report):
    for name, classes, options, *expected in NUMBERS:
        network = NETWORKS[name](classes, **options)
        state = network.state_dict()
        boxes, multiply_adds = measure(network)
        actual = [
            sum(p.numel() for p in network.parameters()),
            sum(tensor.numel() for key, tensor in state.items() if ".running_" in key),
            sum(isinstance(module, nn.BatchNorm2d) for module in network.modules()),
            boxes, len(state), sum(tensor.numel() for tensor in state.values()), round(multiply_adds / 1000)]
        known = [i for i, number in enumerate(expected) if number is not None]
        report.line(title(name, classes, options), [expected[i] for i in known], [actual[i] for i in known])


def check_outputs(report):
    for name, classes, options, gain, *expected in OUTPUTS:
        network = NETWORKS[name](classes, **options).eval()
        fill_by_sines(network, gain)
        with torch.no_grad():
            outputs = network(sines(network.side))
        actual = []
        for numbers, values in zip([4, 3], outputs):
            actual += [[values.sum().item(), values.abs().sum().item()]]
            actual += [values[0, row, :numbers].tolist() for row in [0, -1]]
        what = ["sums", "first box", "last box"]
        for i, subject in enumerate([f"{kind}, {w}" for kind in ["locations", "confidences"] for w in what]):
            report.line(f"{title(name, classes, options)}: {subject}", expected[i], actual[i], 1e-6)


def check_default_boxes(report):
    for name, first, sixth, last, sums in DEFAULT_BOXES:
        boxes = default_boxes(name)
        for subject, expected, row in [("first", first, 0), ("sixth", sixth, 5), ("last", last, -1)]:
            if expected:
                report.line(f"{name}: {subject} default box", expected, boxes[row].tolist(), 1e-6)
        report.line(f"{name}: sums of default boxes", sums, boxes.sum(0).tolist(), 1e-3)


def check_variants(report):
    """torchvision's own builder gives the same tensors; moving the background moves the confidences."""
    official = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=21).state_dict()
    ours = MobileNetV3Lite(21).state_dict()
    same = [(key, tensor.shape) for key, tensor in official.items()] == [(key, tensor.shape) for key, tensor in ours.items()]
    report.line("names and shapes are those of ssdlite320_mobilenet_v3_large", 1, int(same))
    network = MMMobileNetV2Lite(21).eval()
    image = sines(network.side).float()
    with torch.no_grad():
        before = network(image)[1]
        network.load_state_dict(background_first(network.state_dict(), 21))
        after = network(image)[1]
    report.line("background_first moves the last class to the front", 1, int(torch.allclose(before.roll(1, dims=2), after)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    report = Report()
    print("| what | numbers | |\n|---|---|---|")
    for check in [check_numbers, check_outputs, check_default_boxes, check_variants]:
        check(report)
    print(f"{report.differences} differences")
    return min(report.differences, 1)


if __name__ == "__main__":
    sys.exit(main())
