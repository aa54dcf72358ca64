#!/usr/bin/env python3
"""Writes mobilenets.safetensors: how the MobileNet detectors of mobilenets.py train and predict in PyTorch.

    python3 -m venv venv && venv/bin/pip install torch torchvision safetensors
    venv/bin/python Tests/Fixtures/generate_mobilenets.py

Weights, images and loss are those of mobilenet_formulas.py, the biases before activations those of mobilenet_shifts.py. Truth
is float64; three more evaluations measure what rounding does. README.md lists the tensors. All takes about ten minutes on one core
and 5 GB of memory. generate_torchvision.py explains projections and samples; samples here have at most 32 elements.
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
from torch import nn

import mobilenet_formulas
import mobilenet_shifts
import ssd_formulas
from generate_torchvision import projections, relative_error
from mobilenets import NETWORKS, map_boxes

# Name in the fixture, network, its options, images of the batch.
CASES = [
    ("ssd300-mobilenet-v1", "ssd300-mobilenet-v1", {}, 4),
    ("ssd300-mobilenet-v1-tensorflow", "ssd300-mobilenet-v1",
     {"activation": "relu6", "bn_epsilon": 1e-3, "stride2_padding": "same"}, 4),
    ("ssd300-mobilenet-v2-lite", "ssd300-mobilenet-v2-lite", {}, 8),
    ("ssd320-mobilenet-v2-lite", "ssd320-mobilenet-v2-lite", {}, 8),
    ("ssdlite320-mobilenet-v3-large", "ssdlite320-mobilenet-v3-large", {}, 8),
]
LEARNING_RATE = 2e-4
MOMENTUM = 0.9
WEIGHT_DECAY = 0.1
STEPS = 3
SAMPLE = 32
# Relative to the root mean square of a convolution's output: a stand-in for the rounding errors of other algorithms.
NOISE = 1e-6
# Inexact evaluations: PyTorch in single precision, with the channels of an image one after the other and with channels last; and
# float64 with noise.
VARIANTS = ["float32", "channels_last", "noise"]


class Case:
    """A network with its images, for evaluations that are "exact" or one of VARIANTS."""

    def __init__(self, network, options, batch):
        self.kind, self.options = network, options
        self.boxes = map_boxes(network)
        self.images = mobilenet_formulas.images(batch, NETWORKS[network].side)

    def network(self, variant, shifts={}):
        network = NETWORKS[self.kind](mobilenet_formulas.CLASSES, **self.options)
        mobilenet_formulas.fill(network)
        for name, shift in shifts.items():
            network.state_dict()[name].copy_(shift)
        if variant == "noise":
            torch.manual_seed(0)
            for module in network.modules():
                if isinstance(module, nn.Conv2d):
                    module.register_forward_hook(add_noise)
        return self.converted(network, variant)

    def inputs(self, variant):
        return self.converted(self.images, variant)

    def converted(self, what, variant):
        if variant == "channels_last":
            return what.to(memory_format=torch.channels_last)
        return what if variant == "float32" else what.double()

    def train(self, variant, shifts):
        """Outputs, gradients, losses, statistics, changes, and outputs of the evaluation after training."""
        network, images = self.network(variant, shifts), self.inputs(variant)
        parameters = dict(sorted(network.named_parameters()))
        kernels = [p for p in parameters.values() if p.dim() == 4]
        others = [p for p in parameters.values() if p.dim() != 4]
        optimizer = torch.optim.SGD(
            [{"params": kernels, "weight_decay": WEIGHT_DECAY}, {"params": others}], lr=LEARNING_RATE, momentum=MOMENTUM)
        initial = {name: p.detach().clone() for name, p in parameters.items()}
        result = {"losses": [], "statistics": []}
        network.train()
        for step in range(STEPS):
            outputs = network(images)
            loss = mobilenet_formulas.loss(outputs, self.boxes)
            optimizer.zero_grad()
            loss.backward()
            if step == 0:
                result["outputs"] = [values.detach().double() for values in outputs]
                result["gradients"] = {name: p.grad.double() for name, p in parameters.items()}
            optimizer.step()
            result["losses"].append(loss.item())
            state = network.state_dict()
            result["statistics"].append(
                {name: state[name].double().clone() for name in mobilenet_formulas.statistic_names(network)})
        result["changes"] = {name: p.detach().double() - initial[name].double() for name, p in parameters.items()}
        with torch.no_grad():
            result["evaluation"] = [values.double() for values in network.eval()(images)]
        return result


def add_noise(_module, _inputs, output):
    return output + NOISE * output.detach().square().mean().sqrt() * torch.randn_like(output)


def padded(values, count):
    """`count` values, the missing ones zero."""
    return nn.functional.pad(values, (0, count - len(values)))


def sample(tensor):
    """Elements 0, s, 2s ... of the flattened tensor, padded to SAMPLE."""
    count = tensor.numel()
    stride = -(-count // SAMPLE)
    while math.gcd(stride, count) != 1:
        stride += 1
    return padded(tensor.flatten()[::stride], SAMPLE)


def scales(tensors):
    """The L2 norm of each tensor; where that is nothing but rounding, the norm of the weight of the same layer."""
    norms = {name: tensor.norm().item() for name, tensor in tensors.items()}
    for name in norms:
        weight = name.rsplit(".", 1)[0] + ".weight"
        if norms[name] < 1e-9 * norms[weight]:
            norms[name] = norms[weight]
    return norms


def errors(actual, expected):
    """L2 norms of the differences over `scales`, by name."""
    sizes = scales(expected)
    return {name: (actual[name] - expected[name]).norm().item() / sizes[name] for name in expected}


def output_errors(actual, expected, boxes):
    """Relative L2 errors [maps, 2] of locations and confidences."""
    parts = zip(*[zip(a.split(boxes, 1), e.split(boxes, 1)) for a, e in zip(actual, expected)])
    return [[relative_error(a, e) for a, e in pair] for pair in parts]


def describe_outputs(add, key, outputs, boxes):
    """Norms and projections of the maps, and the first, middle and last box of each in the first and in the last image."""
    maps = list(zip(*[values.split(boxes, 1) for values in outputs]))
    add(f"{key}.norms", [[values.norm() for values in pair] for pair in maps], np.float64)
    add(f"{key}.projections", [[projections(values, 2 * k + n) for n, values in enumerate(pair)] for k, pair in enumerate(maps)])
    rows = [start + row for start, count in zip(np.cumsum([0, *boxes]), boxes) for row in (0, count // 2, count - 1)]
    for name, values in zip(["location", "confidence"], outputs):
        add(f"{key}.{name}.rows", values[[0, -1]][:, rows])


def describe(add, case, exact):
    describe_outputs(add, "outputs", exact["outputs"], case.boxes)
    describe_outputs(add, "evaluation", exact["evaluation"], case.boxes)
    add("losses", exact["losses"], np.float64)
    for key in ["gradients", "changes"]:
        tensors = exact[key]
        add(f"{key}.norms", [tensor.norm() for tensor in tensors.values()], np.float64)
        add(f"{key}.scales", list(scales(tensors).values()), np.float64)
        add(f"{key}.projections", [projections(tensor, t) for t, tensor in enumerate(tensors.values())])
        add(f"{key}.samples", torch.stack([sample(tensor) for tensor in tensors.values()]))
    steps = [statistics.values() for statistics in exact["statistics"]]
    add("statistics.norms", [[tensor.norm() for tensor in step] for step in steps], np.float64)
    add("statistics.projections", [[projections(tensor, t) for t, tensor in enumerate(step)] for step in steps])
    add("statistics.samples", torch.stack([sample(tensor) for tensor in steps[-1]]))


def describe_errors(add, case, exact, inexact):
    """Adds the errors of a variant and prints the largest."""
    found = {
        "outputs": output_errors(inexact["outputs"], exact["outputs"], case.boxes),
        "gradients": list(errors(inexact["gradients"], exact["gradients"]).values()),
        "statistics": [
            [relative_error(a[name], e[name]) for name in e] for a, e in zip(inexact["statistics"], exact["statistics"])],
        "changes": list(errors(inexact["changes"], exact["changes"]).values()),
        "evaluation": output_errors(inexact["evaluation"], exact["evaluation"], case.boxes),
    }
    for key, values in found.items():
        add(f"{key}.errors", values)
        print(f"    {key:12} largest error {np.max(values):.1e}, median {np.median(values):.1e}")
    add("losses", inexact["losses"], np.float64)
    print("    losses      ", *(f"{a / e - 1:.1e}" for a, e in zip(inexact["losses"], exact["losses"])))


def generate(key, kind, options, batch, add):
    """Adds a case's tensors; returns what the metadata say of it."""
    case = Case(kind, options, batch)
    shifts, margins = mobilenet_shifts.choose_shifts(case.network("exact"), case.inputs("exact"))
    add("shifts", torch.cat([shifts[name] for name in sorted(shifts)]), np.float16)
    add("images.sums", case.inputs("exact").sum((2, 3)), np.float64)
    parameters = dict(sorted(case.network("exact", shifts).named_parameters()))
    add("parameters.norms", [p.detach().norm() for p in parameters.values()], np.float64)
    add("parameters.first", torch.stack([padded(p.detach().flatten()[:4], 4) for p in parameters.values()]))

    exact = case.train("exact", shifts)
    names = list(parameters)
    vanishing = [name for name, scale in scales(exact["gradients"]).items() if exact["gradients"][name].norm() != scale]
    for name in names:
        assert name in vanishing or exact["gradients"][name].norm() > 1e-2, f"the gradient of {name} is too small"
    describe(add, case, exact)

    sides = mobilenet_shifts.record_sides(case.network("exact", shifts), case.inputs("exact"))
    print(f"{key}: {sum(side.numel() for side in sides)} values before kinks, "
          f"margins {min(margins.values()):.1e} ... {max(margins.values()):.1e}, losses {exact['losses']}")
    for variant in VARIANTS:
        print(f"  {variant}")
        others = mobilenet_shifts.record_sides(case.network(variant, shifts), case.inputs(variant))
        moves = mobilenet_shifts.count_moves(sides, others)
        assert moves == 0, f"{key}, {variant}: {moves} values are on the other side of a kink"
        describe_errors(
            lambda name, *values: add(f"{variant}.{name}", *values), case, exact, case.train(variant, shifts))
    return {
        "network": kind, "options": options, "batch": batch, "side": NETWORKS[kind].side, "map_boxes": case.boxes,
        "parameters": names, "statistics": list(exact["statistics"][0]),
        "shifts": [names.index(name) for name in sorted(shifts)], "vanishing": [names.index(name) for name in vanishing],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent / "mobilenets.safetensors")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--case", action="append", help="only this one; several may be given")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    tensors, cases = {}, {}
    for key, *setting in CASES:
        if arguments.case is None or key in arguments.case:

            def add(name, values, dtype=np.float32):
                tensors[f"{key}.{name}"] = np.ascontiguousarray(np.asarray(values, dtype=dtype))

            cases[key] = generate(key, *setting, add)
    description = {
        "cases": cases, "classes": mobilenet_formulas.CLASSES, "learning_rate": LEARNING_RATE, "momentum": MOMENTUM,
        "weight_decay": WEIGHT_DECAY, "image_stream": ssd_formulas.IMAGE_STREAM, "noise": NOISE,
        "versions": {
            "python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__,
            "torchvision": torchvision.__version__, "safetensors": safetensors.__version__,
            "instruction_set": torch.backends.cpu.get_cpu_capability(),
        },
    }
    safetensors.numpy.save_file(tensors, arguments.output, metadata={"fixture": json.dumps(description)})
    print(f"{arguments.output}: {len(tensors)} tensors, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
