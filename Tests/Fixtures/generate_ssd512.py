#!/usr/bin/env python3
"""Writes pytorch-ssd512.safetensors: what SSD512 computes in PyTorch from weights and an image given by formulas.

    python3 -m venv venv && venv/bin/pip install torch torchvision safetensors
    venv/bin/python Tests/Fixtures/generate_ssd512.py

The network is put together here from PyTorch's layers, under the names that torchvision has for SSD300, and evaluated in float64; once
more in float32, to measure what rounding does. Weights, image 3 (512x512) and hash(t, i) are those of ssd_formulas.py, the biases of the
backbone those of kinks.py. The gradients are those of the sum of all predictions times signed(S, i), i counting the elements of
[boxes, 4] with S = 2000 and of [boxes, 21] with S = 2001. Projections and samples are explained in generate_torchvision.py.
"""
import argparse
import json
import math
import pathlib
import types

import numpy as np
import safetensors.numpy
import torch
from torch import nn

import kinks
import ssd_formulas
from generate_torchvision import projections, relative_error, sample
from ssd_formulas import CLASSES, hashes, image_pixels, parameter_values

SIDE = 512
ROW_STRIDE = 61
LOCATION_STREAM, CONFIDENCE_STREAM = 2000, 2001
# Boxes of a cell of each map.
BOXES = [4, 6, 6, 6, 6, 4, 4]
# 255 * torchvision's mean, in red, green, blue.
MEAN = [122.99925, 116.9991, 103.9992]


def convolutions(channels, inputs):
    layers = []
    for outputs in channels:
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
        inputs = outputs
    return layers


def extra(inputs, squeezed, outputs, kernel=3, stride=2, padding=1):
    return nn.Sequential(
        nn.Conv2d(inputs, squeezed, 1), nn.ReLU(), nn.Conv2d(squeezed, outputs, kernel, stride, padding), nn.ReLU())


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        half = lambda: nn.MaxPool2d(2, 2, ceil_mode=True)
        self.features = nn.Sequential(
            *convolutions([64, 64], 3), half(), *convolutions([128, 128], 64), half(),
            *convolutions([256, 256, 256], 128), half(), *convolutions([512, 512, 512], 256))
        self.extra = nn.ModuleList([
            nn.Sequential(
                half(), *convolutions([512, 512, 512], 512),
                nn.Sequential(
                    nn.MaxPool2d(3, 1, 1), nn.Conv2d(512, 1024, 3, padding=6, dilation=6), nn.ReLU(), nn.Conv2d(1024, 1024, 1),
                    nn.ReLU())),
            extra(1024, 256, 512), extra(512, 128, 256), extra(256, 128, 256), extra(256, 128, 256),
            extra(256, 128, 256, kernel=4, stride=1)])
        self.scale_weight = nn.Parameter(torch.ones(512))

    def forward(self, x):
        x = self.features(x)
        maps = [x / (x.square().sum(1, keepdim=True) + 1e-10).sqrt() * self.scale_weight[:, None, None]]
        for block in self.extra:
            x = block(x)
            maps.append(x)
        return maps


class Head(nn.Module):
    def __init__(self, numbers):
        super().__init__()
        self.numbers = numbers
        self.module_list = nn.ModuleList(
            nn.Conv2d(channels, boxes * numbers, 3, padding=1)
            for channels, boxes in zip([512, 1024, 512, 256, 256, 256, 256], BOXES))

    def forward(self, maps):
        outputs = [layer(x).permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, self.numbers)) for layer, x in zip(self.module_list, maps)]
        return torch.cat(outputs, 1)


class SSD512(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.head = nn.ModuleDict({"classification_head": Head(CLASSES), "regression_head": Head(4)})

    def transform(self, images):
        """As kinks.py calls torchvision's."""
        return [types.SimpleNamespace(tensors=torch.stack(images))]

    def forward(self, images):
        maps = self.backbone(images)
        return self.head["regression_head"](maps), self.head["classification_head"](maps)


def make_model(dtype, biases):
    model = SSD512()
    state = model.state_dict()
    for stream, name in enumerate(sorted(state)):
        values = biases[name] if name in biases else parameter_values(name, stream, tuple(state[name].shape))
        state[name].copy_(torch.as_tensor(values))
    return model.to(dtype)


def network_input(dtype):
    pixels = torch.from_numpy(image_pixels(3)).to(torch.float32) - torch.tensor(MEAN, dtype=torch.float32)
    return pixels.permute(2, 0, 1).to(dtype)


def directions(shape, stream, dtype):
    values = 2 * ((hashes(stream, np.arange(math.prod(shape))) + 0.5) / 2**32) - 1
    return torch.from_numpy(values.astype(np.float32)).reshape(shape).to(dtype)


def evaluate(model):
    image = network_input(next(model.parameters()).dtype)
    location, confidence = model(image[None])
    loss = (location * directions(location.shape, LOCATION_STREAM, location.dtype)).sum()
    loss = loss + (confidence * directions(confidence.shape, CONFIDENCE_STREAM, confidence.dtype)).sum()
    loss.backward()
    gradients = {name: p.grad.double() for name, p in sorted(model.named_parameters())}
    return location.detach().double(), confidence.detach().double(), gradients


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent / "pytorch-ssd512.safetensors")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ssd_formulas.IMAGE_SIZES.append((SIDE, SIDE))

    model = make_model(torch.float64, {})
    biases = kinks.choose_biases(model, [network_input(torch.float64)])
    model = make_model(torch.float64, biases)
    margins, _ = kinks.measure_margins(model, [network_input(torch.float64)])
    print("smallest margin", min(margins.values()))
    names = [name for name, _ in sorted(model.named_parameters())]
    assert len(names) == 79 and sum(p.numel() for p in model.parameters()) == 27_188_676
    location, confidence, gradients = evaluate(model)
    assert location.shape == (1, 24564, 4)
    single = evaluate(make_model(torch.float32, biases))

    tensors = {}

    def add(name, values, dtype=np.float32):
        tensors[name] = np.ascontiguousarray(np.asarray(values, dtype=dtype))

    for name, bias in biases.items():
        add(f"biases.{name}", bias)
    add("outputs.location.rows", location[0, ::ROW_STRIDE])
    add("outputs.confidence.rows", confidence[0, ::ROW_STRIDE])
    add("gradients.norms", [g.norm() for g in gradients.values()], np.float64)
    add("gradients.projections", [projections(g, t) for t, g in enumerate(gradients.values())], np.float64)
    for name, gradient in gradients.items():
        assert gradient.norm() > 1e-3, f"the gradient of {name} is too small"
        add(f"gradients.samples.{name}", sample(gradient))
    errors = {"outputs": [relative_error(single[i], exact) for i, exact in enumerate([location, confidence])],
              "gradients": [relative_error(single[2][name], gradients[name]) for name in names]}
    for key, values in errors.items():
        add(f"float32.{key}.errors", values)
        print(f"largest relative L2 error in float32, {key}: {max(values):.1e}")
    description = {"model": "SSD512 on VGG-16", "classes": CLASSES, "row_stride": ROW_STRIDE,
                   "image_stream": ssd_formulas.IMAGE_STREAM, "parameters": names, "versions": {"torch": torch.__version__}}
    safetensors.numpy.save_file(tensors, arguments.output, metadata={"fixture": json.dumps(description)})
    print(f"{arguments.output}: {len(tensors)} tensors, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
