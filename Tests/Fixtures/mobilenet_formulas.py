"""The weights, images and loss of mobilenets.safetensors, given by formulas.

hash(s, i) and signed(s, i) of a stream s and an element i are those of ssd_formulas.py. Elements of tensors are numbered in their
flattened order. Values are computed in float64 in the order written, then rounded to float32.

Weights. Stream t is the position (from 0) of the tensor among the network's parameters, their names sorted by bytes.

    kernel                                          sqrt(6 / (inputs * height * width)) * signed(t, i)
    weight of a batch normalisation                 1.5 + 0.15 * signed(t, i)
    bias of a batch normalisation                   2 + 0.5 * signed(t, i)
    bias of a convolution                           0.5 * signed(t, i)

`inputs` is the second extent of the kernel, 1 for a depthwise one. Biases before an activation are no formula but near these values:
mobilenet_shifts.py chooses them, and the fixture has them. They are mostly above zero, because a chain of batch normalisations and
activations that are closed half of the time amplifies every error on its way.

Running statistics. Here t is the position among the running statistics, sorted likewise.

    running_mean                                    0.1 * signed(1000 + t, i)
    running_var                                     9 + 4.5 * signed(1000 + t, i)

Images. Pixels of image k = 0, 1 ... are those of ssd_formulas.py for the image of that number, here as wide and as high as the
network's input; the network gets (pixel - 127.5) / 16.

Loss. With v the predicted locations, D the default boxes of a map and B the images of the batch:

    loss = sum over maps of 1 / (B * D) * sum over the map's elements of signed(2000, i) * v + v^2 / 8

where i numbers the elements of all maps, [B, boxes, 4]; and the same of the confidences, [B, boxes, classes], with stream 2001.
The factors signed(...) are rounded to float32. So the gradient of a prediction is (signed(...) + v / 4) / (B * D).
"""
import math

import numpy as np
import torch

import ssd_formulas
from ssd_formulas import hashes

CLASSES = 21
STATISTICS_STREAM = 1000
LOCATION_STREAM, CONFIDENCE_STREAM = 2000, 2001


def signed(stream, elements):
    """Uniform in -1 ... 1."""
    return 2 * ((hashes(stream, elements) + 0.5) / 2**32) - 1


def parameter_names(network):
    return sorted(name for name, _ in network.named_parameters())


def statistic_names(network):
    return sorted(name for name in network.state_dict() if ".running_" in name)


def fill(network):
    """Sets all parameters and running statistics."""
    state = network.state_dict()

    def store(name, values):
        state[name].copy_(torch.from_numpy(values.astype(np.float32)).reshape(state[name].shape))

    for stream, name in enumerate(parameter_names(network)):
        values = signed(stream, np.arange(state[name].numel()))
        layer, kind = name.rsplit(".", 1)
        is_normalisation = f"{layer}.running_mean" in state
        if state[name].dim() == 4:
            values = math.sqrt(6 / state[name][0].numel()) * values
        elif kind == "weight":
            values = 1.5 + 0.15 * values
        else:
            values = (2 if is_normalisation else 0) + 0.5 * values
        store(name, values)
    for stream, name in enumerate(statistic_names(network), STATISTICS_STREAM):
        values = signed(stream, np.arange(state[name].numel()))
        store(name, 0.1 * values if name.endswith("mean") else 9 + 4.5 * values)


def images(batch, side):
    """[batch, 3, side, side] in float32."""
    ssd_formulas.IMAGE_SIZES = [(side, side)] * batch
    pixels = np.stack([ssd_formulas.image_pixels(k) for k in range(batch)])
    return torch.from_numpy((pixels.astype(np.float32) - 127.5) / 16).permute(0, 3, 1, 2).contiguous()


def loss(outputs, map_boxes):
    """Of (locations, confidences); `map_boxes` has the default boxes of every map."""
    total = 0
    for values, stream in zip(outputs, [LOCATION_STREAM, CONFIDENCE_STREAM]):
        factors = torch.from_numpy(signed(stream, np.arange(values.numel())).astype(np.float32)).reshape(values.shape)
        terms = factors.to(values.dtype) * values + values**2 / 8
        for boxes, part in zip(map_boxes, terms.split(map_boxes, 1)):
            total = total + part.sum() / (len(values) * boxes)
    return total
