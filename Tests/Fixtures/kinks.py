"""Biases that keep every activation away from the kinks of ReLU and maximum.

A gradient jumps where an activation changes its sign or where another element of a pooling window becomes the largest.
The margin of a convolution is how far its outputs are from that, relative to their root mean square without bias: no
errors up to the margin, of whatever outputs, change a sign or move a maximum that is positive.

`choose_biases` goes from convolution to convolution. Given the outputs for the training images, in float64 and without
bias, a channel gets the bias -t. Thresholds t are half-way between two neighbours in the channel's sorted outputs, just
above all outputs, or just below. Of those that have the margin asked for, the one is taken with the share of outputs
above it that is nearest to the share asked for.
"""
import numpy as np
import torch

# The margin asked for in the first convolution, and its growth from one to the next, which is that of rounding errors.
MARGIN = 3e-4
MARGIN_GROWTH = 1.12
# Shares of outputs above zero by channel, repeating; before a maximum fewer leave a margin.
SHARES = [0.9, 0.9, 0.9, 0.5]
SHARE_BEFORE_MAXIMUM = 0.6


def convolutions(model):
    """Name, module, margin and the max pooling that follows, or None, of the backbone's convolutions in their order."""
    layers = [(name, module) for name, module in model.named_modules()
              if name.startswith("backbone.") and isinstance(module, (torch.nn.Conv2d, torch.nn.MaxPool2d))]
    margin = MARGIN
    for (name, module), (_, following) in zip(layers, layers[1:] + [("", None)]):
        if isinstance(module, torch.nn.Conv2d):
            yield name, module, margin, following if isinstance(following, torch.nn.MaxPool2d) else None
            margin *= MARGIN_GROWTH


def largest_two(values, pool):
    """The largest and second largest element of each window of [batch, height, width], flattened."""
    size, stride, padding = pool.kernel_size, pool.stride, pool.padding
    side = values.shape[1] + 2 * padding - size
    windows = (-(-side // stride) if pool.ceil_mode else side // stride) + 1
    after = max(0, (windows - 1) * stride + size - values.shape[1] - padding)
    padded = np.pad(values, ((0, 0), (padding, after), (padding, after)), constant_values=-np.inf)
    first = second = np.full((len(values), windows, windows), -np.inf)
    span = (windows - 1) * stride + 1
    for y in range(size):
        for x in range(size):
            element = padded[:, y : y + span : stride, x : x + span : stride]
            second = np.maximum(second, np.minimum(first, element))
            first = np.maximum(first, element)
    return first.ravel(), second.ravel()


def choose_threshold(values, share, margin, pool):
    """The threshold for one channel's outputs [batch, height, width]; `margin` in their units."""
    ordered = np.sort(values, axis=None)
    ordered = np.concatenate([[ordered[0] - 4 * margin], ordered, [ordered[-1] + 4 * margin]])
    thresholds = (ordered[:-1] + ordered[1:]) / 2
    allowed = (ordered[1:] - ordered[:-1]) / 2 >= margin
    if pool:
        first, second = largest_two(values, pool)
        allowed &= thresholds > second[first - second < 2 * margin].max(initial=-np.inf)
    above = 1 - np.arange(thresholds.size) / values.size
    return thresholds[np.where(allowed, np.abs(above - share), np.inf).argmin()]


def observe(model, observer, images):
    """Calls observer(name, module, output, margin, pool) for the backbone's convolutions.

    It may return another output."""
    hooks = [
        module.register_forward_hook(
            lambda module, _inputs, output, name=name, margin=margin, pool=pool:
                observer(name, module, output, margin, pool))
        for name, module, margin, pool in convolutions(model)
    ]
    with torch.no_grad():
        model.backbone(model.transform(images)[0].tensors)
    for hook in hooks:
        hook.remove()


def choose_biases(model, images):
    """The backbone's biases, float32 by name, for a float64 model that has none."""
    biases = {}

    def choose(name, _module, output, margin, pool):
        margin *= output.square().mean().sqrt().item()
        biases[name + ".bias"] = torch.tensor([
            -choose_threshold(values, SHARE_BEFORE_MAXIMUM if pool else SHARES[c % len(SHARES)], margin, pool)
            for c, values in enumerate(output.transpose(0, 1).numpy())
        ], dtype=torch.float32)
        return output + biases[name + ".bias"].double()[:, None, None]

    observe(model, choose, images)
    return biases


def measure_margins(model, images):
    """The margin of each convolution of the backbone, and the share of its outputs above zero."""
    margins, shares = {}, {}

    def measure(name, module, output, _margin, pool):
        margin = output.abs().min().item()
        if pool:
            for values in output.transpose(0, 1).numpy():
                first, second = largest_two(values, pool)
                margin = min(margin, (first - second)[second > 0].min(initial=np.inf) / 2)
        margins[name] = margin / (output - module.bias[:, None, None]).square().mean().sqrt().item()
        shares[name] = (output > 0).double().mean((0, 2, 3))

    observe(model, measure, images)
    return margins, shares


def record_sides(model, images):
    """For each convolution of the backbone which outputs are above zero, and where the maxima are."""
    sides = {}

    def record(name, _module, output, _margin, pool):
        sides[name] = [output > 0]
        if pool:
            sides[name].append(torch.nn.functional.max_pool2d(
                output.relu(), pool.kernel_size, pool.stride, pool.padding, ceil_mode=pool.ceil_mode,
                return_indices=True)[1])

    observe(model, record, images)
    return sides


def count_moves(sides, others):
    """How many outputs and maxima differ."""
    return sum((a != b).sum().item() for name in sides for a, b in zip(sides[name], others[name]))
