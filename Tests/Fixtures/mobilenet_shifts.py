"""Biases that keep the activations of a network in training away from the kinks of ReLU, ReLU6, hard-swish and hard-sigmoid.

Why: see kinks.py, which does it for a network without batch normalisation. Here an activation has one kink or two, and all biases
that it follows, those of batch normalisations as well as those of convolutions, are chosen.

`choose_shifts` goes through the network from activation to activation. For every channel it has the values that come to the
activation, in float64 and for all images, and tries the multiples of 1/512 within 1/4 of the present bias. It takes the one with the
largest margin, which is the distance of the nearest value from a kink. Such biases are exact in float16.
"""
import numpy as np
import torch
from torch import nn

KINKS = {nn.ReLU: [0], nn.ReLU6: [0, 6], nn.Hardswish: [-3, 3], nn.Hardsigmoid: [-3, 3]}
GRID = 512
REACH = 128


def observe(network, observer, images):
    """Calls observer(name, module, values, kinks) before every activation, with the layer whose bias it follows.

    It may return other values."""
    names = {module: name for name, module in network.named_modules()}
    last = None

    def remember(module, _inputs, _outputs):
        nonlocal last
        last = module

    def call(module, inputs):
        return observer(names[last], last, inputs[0], KINKS[type(module)])

    hooks = []
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d)):
            hooks.append(module.register_forward_hook(remember))
        elif type(module) in KINKS:
            hooks.append(module.register_forward_pre_hook(call))
    statistics = {name: tensor.clone() for name, tensor in network.state_dict().items() if ".running_" in name}
    with torch.no_grad():
        network.train()(images)
    network.load_state_dict(statistics, strict=False)
    for hook in hooks:
        hook.remove()


def distances(ordered, points):
    """From each point to the nearest of the ordered values."""
    after = np.searchsorted(ordered, points)
    padded = np.concatenate([[-np.inf], ordered, [np.inf]])
    return np.minimum(points - padded[after], padded[after + 1] - points)


def choose_shifts(network, images):
    """Sets the biases of a float64 network; returns the new ones, float64 by name, and the margin of each layer."""
    shifts, margins = {}, {}

    def choose(name, module, values, kinks):
        before = module.bias.detach().clone()
        margins[name] = np.inf
        for c, channel in enumerate(values.transpose(0, 1).numpy()):
            ordered = np.sort(channel - before[c].item(), axis=None)
            candidates = (round(before[c].item() * GRID) + np.arange(-REACH, REACH + 1)) / GRID
            room = np.min([distances(ordered, kink - candidates) for kink in kinks], axis=0)
            module.bias.data[c] = candidates[room.argmax()]
            margins[name] = min(margins[name], room.max())
        shifts[name + ".bias"] = module.bias.detach().clone()
        return values + (module.bias.detach() - before)[:, None, None]

    observe(network, choose, images)
    return shifts, margins


def record_sides(network, images):
    """For each activation and kink, which values are above it."""
    sides = []
    observe(network, lambda _name, _module, values, kinks: sides.extend(values > kink for kink in kinks), images)
    return sides


def count_moves(sides, others):
    """How many values are above a kink in one and not in the other."""
    return sum((a != b).sum().item() for a, b in zip(sides, others, strict=True))
