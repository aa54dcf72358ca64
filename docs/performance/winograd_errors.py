#!/usr/bin/env python3
"""Relative errors of VGG-16 with two predictors against float64, by convolutions of PyTorch and by Winograd's algorithm.

Forward, gradients of maps and gradients of kernels can have tiles of 4x4 or of 6x6 pixels, with the interpolation points of
Multibox. Sums over channels run in chunks of 256, as in its products. Needs torch, safetensors and pillow.

    winograd_errors.py vgg16.safetensors image.jpg image.jpg ...
"""

import argparse
import re

import numpy as np
import torch
import torch.nn.functional as functional
from PIL import Image
from safetensors.torch import load_file

POINTS = {4: [0, 0.625, -0.625, 1.5, -1.5], 6: [0, 0.5, -0.5, 1, -1, 2, -2]}
CHUNK = 256


def transforms(tile):
    """A^T, G and B^T of Toom and Cook's algorithm; the last point is infinite."""
    points, size = POINTS[tile], tile + 2
    outputs, kernel, inputs = np.zeros((tile, size)), np.zeros((size, 3)), np.zeros((size, size))
    for i, point in enumerate(points):
        others = points[:i] + points[i + 1:]
        outputs[:, i] = [point**k for k in range(tile)]
        kernel[i] = np.array([1, point, point**2]) / np.prod([point - other for other in others])
        inputs[i, :-1] = np.poly(others)[::-1]
    outputs[-1, -1] = kernel[-1, -1] = 1
    inputs[-1] = np.poly(points)[::-1]
    return [torch.tensor(matrix, dtype=torch.float32) for matrix in (outputs, kernel, inputs)]


def multiply(left, right):
    """Products of [component, row, term] and [component, term, column], in chunks of terms."""
    parts = [
        torch.bmm(left[:, :, i:i + CHUNK].contiguous(), right[:, i:i + CHUNK].contiguous())
        for i in range(0, left.shape[2], CHUNK)
    ]
    return sum(parts[1:], parts[0])


def windows(x, tile):
    """B^T d B of all tiles: [component row, component column, image, tile row, tile column, channel]."""
    rows, columns = -(-x.shape[2] // tile), -(-x.shape[3] // tile)
    padding = (1, columns * tile + 1 - x.shape[3], 1, rows * tile + 1 - x.shape[2])
    d = functional.pad(x, padding).unfold(2, tile + 2, tile).unfold(3, tile + 2, tile)
    inputs = transforms(tile)[2]
    return torch.einsum("ia,nctuab,jb->ijntuc", inputs, d, inputs)


def convolve(x, weight, tile):
    outputs, kernel, _ = transforms(tile)
    v = windows(x, tile)
    u = torch.einsum("ia,kcab,jb->ijck", kernel, weight, kernel)
    m = multiply(v.reshape(len(kernel)**2, -1, x.shape[1]), u.reshape(len(kernel)**2, x.shape[1], -1))
    y = torch.einsum("ai,ijntuk,bj->nktaub", outputs, m.reshape(*v.shape[:-1], -1), outputs)
    n, k, rows, _, columns, _ = y.shape
    return y.reshape(n, k, rows * tile, columns * tile)[:, :, :x.shape[2], :x.shape[3]].contiguous()


def kernel_gradient(x, gradient, tile):
    outputs, kernel, _ = transforms(tile)
    v = windows(x, tile)
    rows, columns = v.shape[3:5]
    n, k, height, width = gradient.shape
    tiles = functional.pad(gradient, (0, columns * tile - width, 0, rows * tile - height))
    z = torch.einsum("ai,nktaub,bj->ijntuk", outputs, tiles.reshape(n, k, rows, tile, columns, tile), outputs)
    count = len(kernel)**2
    left = v.reshape(count, -1, x.shape[1]).transpose(1, 2)
    sums = multiply(left, z.reshape(count, -1, k)).reshape(len(kernel), len(kernel), x.shape[1], k)
    return torch.einsum("ia,ijck,jb->kcab", kernel, sums, kernel)


class Winograd(torch.autograd.Function):
    """A convolution with 3x3 taps and padding 1, by tiles of (forward, gradient of the map, gradient of the kernel).

    Maps with fewer rows than `least_side` have tiles of 4x4.
    """

    least_side = 0

    @staticmethod
    def forward(context, x, weight, tiles):
        context.save_for_backward(x, weight)
        context.tiles = tiles
        return convolve(x, weight, tiles[0])

    @staticmethod
    def backward(context, gradient):
        x, weight = context.saved_tensors
        turned = weight.flip(2, 3).transpose(0, 1).contiguous()
        of_map = convolve(gradient.contiguous(), turned, context.tiles[1]) if context.needs_input_grad[0] else None
        return of_map, kernel_gradient(x, gradient, context.tiles[2]), None


def convolution(x, weight, bias, tiles):
    if tiles is None or x.shape[1] < 16:
        return functional.conv2d(x, weight, bias, padding=1)
    return Winograd.apply(x, weight, tiles if x.shape[2] >= Winograd.least_side else (4, 4, 4)) + bias[None, :, None, None]


def run(images, parameters, target, dtype, tiles):
    """Predictions behind conv4_3 and conv5_3, and the gradients of all parameters."""
    parameters = [p.detach().to(dtype).requires_grad_() for p in parameters]
    pairs = iter(zip(parameters[::2], parameters[1::2]))
    x, predictions = images.to(dtype), []
    blocks = [[next(pairs) for _ in range(count)] for count in (2, 2, 3, 3, 3)]
    for index, block in enumerate(blocks):
        for weight, bias in block:
            x = functional.relu(convolution(x, weight, bias, tiles))
        if index >= 3:
            scaled = 20 * x / x.pow(2).sum(1, keepdim=True).sqrt() if index == 3 else x
            predictions.append(convolution(scaled, *next(pairs), tiles).permute(0, 2, 3, 1).flatten())
        if index < 4:
            x = functional.max_pool2d(x, 2, ceil_mode=index == 2)
    y = torch.cat(predictions)
    target = target(y.shape)
    # Few places have a loss, as positives and mined negatives are few.
    loss = functional.smooth_l1_loss(y, target.to(dtype), reduction="none") * (target.abs() > 2)
    loss.sum().backward()
    return y.detach().double(), torch.cat([p.grad.double().flatten() for p in parameters])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--least-side", type=int, default=30, help="rows of the smallest map with tiles of 6x6")
    arguments = parser.parse_args()
    Winograd.least_side = arguments.least_side
    torch.manual_seed(arguments.seed)
    tensors = load_file(arguments.weights)
    names = [name for name in tensors if re.search(r"weight$", name) and tensors[name].dim() == 4]
    names.sort(key=lambda name: ["extra" in name] + [int(n) for n in re.findall(r"\d+", name)])
    parameters = [tensors[n] for name in names[:13] for n in (name, name.replace("weight", "bias"))]
    for outputs in (100, 150):
        parameters += [0.01 * torch.randn(outputs, 512, 3, 3), torch.zeros(outputs)]
    pixels = [np.array(Image.open(path).convert("RGB").resize((300, 300))) / 255 for path in arguments.images]
    mean, deviation = (np.array(v) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    images = torch.tensor((np.stack(pixels) - mean) / deviation).permute(0, 3, 1, 2).float()
    drawn = {}
    target = lambda shape: drawn.setdefault(shape, torch.randn(shape, dtype=torch.float64))
    exact = run(images, parameters, target, torch.float64, None)
    cases = {
        "PyTorch, float32": None,
        "4x4": (4, 4, 4),
        "4x4, gradients 6x6": (4, 6, 6),
        "6x6": (6, 6, 6),
    }
    for name, tiles in cases.items():
        result = run(images, parameters, target, torch.float32, tiles)
        errors = [((a - b).norm() / b.norm()).item() for a, b in zip(result, exact)]
        print(f"{name:20} outputs {errors[0]:.2e}, gradients {errors[1]:.2e}")


if __name__ == "__main__":
    main()
