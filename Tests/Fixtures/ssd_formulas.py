"""The weights and images of torchvision-ssd300.safetensors, given by formulas.

All is in 32-bit unsigned integer arithmetic (operations modulo 2^32) and IEEE 754 double precision, so any language
reproduces it bit for bit:

    mix(x): x ^= x >> 16; x *= 0x85EBCA6B; x ^= x >> 13; x *= 0xC2B2AE35; x ^= x >> 16      (MurmurHash3's finalizer)
    hash(s, i)   = mix(s * 0x9E3779B9 + i)                                                  stream s, element i
    signed(s, i) = 2 * ((hash(s, i) + 0.5) / 2^32) - 1                                      in (-1, 1), exact in float64

Weights. Stream t is the position (from 0) of the tensor among the 71 names sorted by their bytes, i the position in the
flattened tensor ([output, input, height, width] for kernels). Values are computed in float64, then rounded to float32:

    kernel                          gain * sqrt(6 / (input * height * width)) * signed(t, i)        gains: see GAINS
    bias of a head                  0.01 * signed(t, i)
    backbone.scale_weight           20 + signed(t, i)

The biases of the backbone are no formula: kinks.py chooses them and the fixture has them.

Images. Regions of 80x80 pixels, each with one of four textures that repeat after 16 pixels. Pixel of image k at column
x, row y, channel c (red 0, green 1, blue 2), where // is integer division, % the remainder, and S the stream in the
metadata:

    texture = hash(S + 1 + k, y // 80 * 8 + x // 80) >> 30                                          0 ... 3
    pixel   = 96 + (hash(S, ((texture * 16 + y % 16) * 16 + x % 16) * 3 + c) >> 26)                 96 ... 159

Images 0 and 1 are 300x300 and used for training, image 2 is 500 wide, 375 high and used for detection. The network gets
pixel / 255.
"""
import math
import warnings

import numpy as np
import torch
from torchvision.models.detection import ssd300_vgg16

CLASSES = 21
# Multiples of the He bound, by the first prefix that fits. Activations fall from about 10 to 0.1 on their way through
# the backbone, so that neither gradients of kernels nor those of biases vanish beside the parameters.
GAINS = [
    ("backbone.features.0.", 1 / 4),
    ("head.regression_head.", 1 / 4),
    ("head.classification_head.module_list.0.", 1),
    ("head.classification_head.", 1 / 2),
    ("", 3 / 4),
]
IMAGE_STREAM = 1500
IMAGE_SIZES = [(300, 300), (300, 300), (500, 375)]


def hashes(stream, elements):
    """hash(stream, element) for each of the elements, as uint32."""
    x = np.uint32(stream * 0x9E3779B9 & 0xFFFFFFFF) + elements.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x


def parameter_values(name, stream, shape):
    """The float32 values of the named tensor; zeros for the biases that are no formula."""
    if name.startswith("backbone.") and name.endswith(".bias"):
        return np.zeros(shape, np.float32)
    values = 2 * ((hashes(stream, np.arange(math.prod(shape))) + 0.5) / 2**32) - 1
    if name == "backbone.scale_weight":
        values = 20 + values
    elif len(shape) == 1:
        values = 0.01 * values
    else:
        gain = next(gain for prefix, gain in GAINS if name.startswith(prefix))
        values = gain * math.sqrt(6 / math.prod(shape[1:])) * values
    return values.astype(np.float32).reshape(shape)


def image_pixels(k):
    """Image k as uint8 [height, width, 3]."""
    width, height = IMAGE_SIZES[k]
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    texture = hashes(IMAGE_STREAM + 1 + k, y // 80 * 8 + x // 80) >> np.uint32(30)
    element = ((texture * 16 + y % 16) * 16 + x % 16) * 3 + c
    return (96 + (hashes(IMAGE_STREAM, element) >> np.uint32(26))).astype(np.uint8)


def network_input(k, dtype):
    """Image k as [3, height, width] in 0 ... 1."""
    return torch.from_numpy(image_pixels(k)).permute(2, 0, 1).to(dtype) / 255


def make_model(dtype, biases={}):
    """torchvision's SSD300 with the weights of the formulas and the given biases, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "trainable_backbone_layers has no effect", which is what is wanted
        model = ssd300_vgg16(
            weights=None, weights_backbone=None, num_classes=CLASSES, trainable_backbone_layers=5)
    state = model.state_dict()
    for stream, name in enumerate(sorted(state)):
        values = biases[name] if name in biases else parameter_values(name, stream, tuple(state[name].shape))
        state[name].copy_(torch.as_tensor(values))
    return model.to(dtype)
