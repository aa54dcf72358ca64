"""The MobileNet detectors of other projects, put together from PyTorch's layers under the names of their own files.

| network | from |
|---|---|
| ssd300-mobilenet-v1 | qfgaohao/pytorch-ssd, `mb1-ssd` |
| ssd300-mobilenet-v2-lite | qfgaohao/pytorch-ssd, `mb2-ssd-lite` |
| ssd320-mobilenet-v2-lite | open-mmlab/mmdetection, `ssdlite_mobilenetv2-scratch_8xb24-600e_coco` |
| ssdlite320-mobilenet-v3-large | torchvision, `ssdlite320_mobilenet_v3_large` |

A network takes normalised images [batch, 3, side, side]. It returns locations [batch, boxes, 4] and confidences [batch, boxes,
classes], both as they leave the last convolution, in the order map, row, column, box. `maps` and `predict` are its two halves.
check_mobilenets.py compares the networks with published numbers.
"""
import collections
import functools
import math
import warnings

import torch
from torch import nn
from torchvision.models import mobilenet_v3_large
from torchvision.models.detection import _utils, ssdlite

BOXES = 6  # of a cell, in every map of every network
# Expansion, channels, blocks and stride of the first block in the stages of MobileNetV2.
V2_STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
# Channels in, inside and out of the four maps behind the base.
V2_EXTRAS = [(1280, 256, 512), (512, 128, 256), (256, 128, 256)]


class SamePaddedConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow does it: where an odd row is needed, it goes below and to the right."""

    def forward(self, x):
        def sides(size, kernel, stride):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            return total // 2, total - total // 2

        rows = sides(x.shape[2], self.kernel_size[0], self.stride[0])
        columns = sides(x.shape[3], self.kernel_size[1], self.stride[1])
        return super().forward(nn.functional.pad(x, (*columns, *rows)))


def rows_of(outputs, numbers):
    """[batch, boxes * numbers, height, width] as [batch, height * width * boxes, numbers]."""
    return outputs.permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, numbers))


class Network(nn.Module):
    """A detector of six maps; a subclass has `maps` and the two lists of heads."""

    def predict(self, maps):
        locations = [rows_of(head(x), 4) for head, x in zip(self.location_heads(), maps)]
        confidences = [rows_of(head(x), self.classes) for head, x in zip(self.confidence_heads(), maps)]
        return torch.cat(locations, 1), torch.cat(confidences, 1)

    def forward(self, images):
        return self.predict(self.maps(images))


class MobileNetV1(Network):
    """`mb1-ssd`. Its base trained in TensorFlow wants relu6, an epsilon of 1e-3 and the padding "same"."""

    side = 300
    BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *5 * [(512, 1)], (1024, 2), (1024, 1)]

    def __init__(self, classes, activation="relu", bn_epsilon=1e-5, stride2_padding="symmetric"):
        super().__init__()
        self.classes = classes
        self.activation = {"relu": nn.ReLU, "relu6": nn.ReLU6}[activation]
        self.epsilon = bn_epsilon
        self.is_same = {"symmetric": False, "same": True}[stride2_padding]
        blocks, channels = [nn.Sequential(*self.layer(3, 32, 3, 2))], 32
        for outputs, stride in self.BLOCKS:
            depthwise = self.layer(channels, channels, 3, stride, groups=channels)
            blocks.append(nn.Sequential(*depthwise, *self.layer(channels, outputs, 1, 1)))
            channels = outputs
        self.base_net = nn.Sequential(*blocks)
        self.extras = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inputs, inside, 1), nn.ReLU(inplace=True),
                nn.Conv2d(inside, outputs, 3, 2, 1), nn.ReLU(inplace=True))
            for inputs, inside, outputs in [(1024, 256, 512), (512, 128, 256), (256, 128, 256), (256, 128, 256)])
        sources = [512, 1024, 512, 256, 256, 256]
        self.regression_headers = nn.ModuleList(nn.Conv2d(c, BOXES * 4, 3, padding=1) for c in sources)
        self.classification_headers = nn.ModuleList(nn.Conv2d(c, BOXES * classes, 3, padding=1) for c in sources)

    def layer(self, inputs, outputs, kernel, stride, groups=1):
        kind, padding = (SamePaddedConv2d, 0) if self.is_same and stride == 2 else (nn.Conv2d, kernel // 2)
        return [
            kind(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, eps=self.epsilon), self.activation(inplace=True)]

    def maps(self, x):
        x = self.base_net[:12](x)
        maps = [x, self.base_net[12:](x)]
        for extra in self.extras:
            maps.append(extra(maps[-1]))
        return maps

    def location_heads(self):
        return self.regression_headers

    def confidence_heads(self):
        return self.classification_headers


class InvertedResidual(nn.Module):
    """A block of `mb2-ssd-lite`: expansion (unless nothing expands), depthwise, projection without activation."""

    def __init__(self, inputs, inside, outputs, stride):
        super().__init__()
        expansion = [nn.Conv2d(inputs, inside, 1, bias=False), nn.BatchNorm2d(inside), nn.ReLU6(inplace=True)]
        self.conv = nn.Sequential(
            *(expansion if inside != inputs else []),
            nn.Conv2d(inside, inside, 3, stride, 1, groups=inside, bias=False), nn.BatchNorm2d(inside),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inside, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.is_residual else self.conv(x)


class MobileNetV2Lite(Network):
    """`mb2-ssd-lite`: the first map is the expansion of block 14."""

    side = 300

    def __init__(self, classes):
        super().__init__()
        self.classes = classes

        def convolution(inputs, outputs, kernel, stride):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs),
                nn.ReLU6(inplace=True))

        blocks, channels = [convolution(3, 32, 3, 2)], 32
        for expansion, outputs, count, stride in V2_STAGES:
            for n in range(count):
                blocks.append(InvertedResidual(channels, expansion * channels, outputs, stride if n == 0 else 1))
                channels = outputs
        self.base_net = nn.Sequential(*blocks, convolution(320, 1280, 1, 1))
        self.extras = nn.ModuleList(InvertedResidual(*channels, 2) for channels in [*V2_EXTRAS, (256, 64, 64)])
        self.classification_headers = self.heads(classes)
        self.regression_headers = self.heads(4)

    def heads(self, numbers):
        separable = [
            nn.Sequential(
                nn.Conv2d(c, c, 3, padding=1, groups=c), nn.BatchNorm2d(c), nn.ReLU6(inplace=True),
                nn.Conv2d(c, BOXES * numbers, 1))
            for c in [576, 1280, 512, 256, 256]]
        return nn.ModuleList([*separable, nn.Conv2d(64, BOXES * numbers, 1)])

    def maps(self, x):
        x = self.base_net[:14](x)
        expanded = self.base_net[14].conv[:3](x)
        x = self.base_net[14].conv[3:](expanded)
        maps = [expanded, self.base_net[15:](x)]
        for extra in self.extras:
            maps.append(extra(maps[-1]))
        return maps

    def location_heads(self):
        return self.regression_headers

    def confidence_heads(self):
        return self.classification_headers


class ConvModule(nn.Module):
    """mmdetection's convolution with batch normalisation and, unless it is linear, ReLU6."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, groups=1, is_linear=False):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001, momentum=0.03)
        self.activate = nn.Identity() if is_linear else nn.ReLU6(inplace=True)

    def forward(self, x):
        return self.activate(self.bn(self.conv(x)))


class MMInvertedResidual(nn.Module):
    """mmdetection's block: as InvertedResidual, under other names."""

    def __init__(self, inputs, inside, outputs, stride):
        super().__init__()
        if inside != inputs:
            self.expand_conv = ConvModule(inputs, inside)
        self.depthwise_conv = ConvModule(inside, inside, 3, stride, groups=inside)
        self.linear_conv = ConvModule(inside, outputs, is_linear=True)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.expand_conv(x) if hasattr(self, "expand_conv") else x
        y = self.linear_conv(self.depthwise_conv(y))
        return x + y if self.is_residual else y


class MMMobileNetV2Lite(Network):
    """mmdetection's: the first map is the output of block 13. Background is the last class; see `background_first`."""

    side = 320

    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        layers, channels = {"conv1": ConvModule(3, 32, 3, 2)}, 32
        for stage, (expansion, outputs, count, stride) in enumerate(V2_STAGES, 1):
            blocks = []
            for n in range(count):
                blocks.append(MMInvertedResidual(channels, expansion * channels, outputs, stride if n == 0 else 1))
                channels = outputs
            layers[f"layer{stage}"] = nn.Sequential(*blocks)
        self.backbone = nn.ModuleDict({**layers, "conv2": ConvModule(320, 1280)})
        extras = []
        for inputs, inside, outputs in [*V2_EXTRAS, (256, 64, 128)]:
            separable = {
                "depthwise_conv": ConvModule(inside, inside, 3, 2, groups=inside), "pointwise_conv": ConvModule(inside, outputs)}
            extras.append(nn.Sequential(ConvModule(inputs, inside), nn.Sequential(collections.OrderedDict(separable))))
        self.neck = nn.ModuleDict({"extra_layers": nn.ModuleList(extras)})
        self.bbox_head = nn.ModuleDict({"cls_convs": self.heads(classes), "reg_convs": self.heads(4)})

    def heads(self, numbers):
        return nn.ModuleList(
            nn.Sequential(ConvModule(c, c, 3, groups=c), nn.Conv2d(c, BOXES * numbers, 1))
            for c in [96, 1280, 512, 256, 256, 128])

    def maps(self, x):
        layers = list(self.backbone.values())
        for layer in layers[:6]:
            x = layer(x)
        maps = [x]
        for layer in layers[6:]:
            x = layer(x)
        maps.append(x)
        for extra in self.neck["extra_layers"]:
            maps.append(extra(maps[-1]))
        return maps

    def location_heads(self):
        return self.bbox_head["reg_convs"]

    def confidence_heads(self):
        return self.bbox_head["cls_convs"]


def background_first(state, classes):
    """mmdetection's tensors by name, with the channels of background, which it has last, before those of the other classes."""
    def moved(name, tensor):
        if not (name.startswith("bbox_head.cls_convs.") and name.split(".")[3] == "1"):
            return tensor
        return tensor.unflatten(0, (BOXES, classes)).roll(1, dims=1).flatten(0, 1)

    return {name: moved(name, tensor) for name, tensor in state.items()}


class MobileNetV3Lite(Network):
    """torchvision's; with the full tail it is what torchvision builds for a backbone trained on ImageNet."""

    side = 320

    def __init__(self, classes, is_full=False):
        super().__init__()
        self.classes = classes
        norm = functools.partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            base = mobilenet_v3_large(weights=None, norm_layer=norm, reduced_tail=not is_full)
        self.backbone = ssdlite._mobilenet_extractor(base, 6, norm)
        channels = _utils.retrieve_out_channels(self.backbone, (self.side, self.side))
        self.head = ssdlite.SSDLiteHead(channels, [BOXES] * len(channels), classes, norm)

    def maps(self, x):
        return list(self.backbone(x).values())

    def location_heads(self):
        return self.head.regression_head.module_list

    def confidence_heads(self):
        return self.head.classification_head.module_list


NETWORKS = {
    "ssd300-mobilenet-v1": MobileNetV1,
    "ssd300-mobilenet-v2-lite": MobileNetV2Lite,
    "ssd320-mobilenet-v2-lite": MMMobileNetV2Lite,
    "ssdlite320-mobilenet-v3-large": MobileNetV3Lite,
}


# Sides of default boxes in pixels of the image: the smaller ones of the six maps, and last the larger one of the last map. The
# larger one of every other map is the smaller one of the next.
BOX_SIDES = {
    "ssd300-mobilenet-v1": [60, 105, 150, 195, 240, 285, 330],
    "ssd300-mobilenet-v2-lite": [60, 105, 150, 195, 240, 285, 330],
    "ssd320-mobilenet-v2-lite": [48, 100, 150, 202, 253, 304, 320],
    "ssdlite320-mobilenet-v3-large": [64, 112, 160, 208, 256, 304, 320],
}
# Pixels from cell to cell; torchvision divides the image by the cells.
BOX_STEPS = {
    "ssd300-mobilenet-v1": [16, 32, 64, 100, 150, 300],
    "ssd300-mobilenet-v2-lite": [16, 32, 64, 100, 150, 300],
    "ssd320-mobilenet-v2-lite": [16, 32, 64, 107, 160, 320],
}
MAP_SIDES = {300: [19, 10, 5, 3, 2, 1], 320: [20, 10, 5, 3, 2, 1]}


def map_boxes(name):
    """The numbers of default boxes of the six maps."""
    return [BOXES * side**2 for side in MAP_SIDES[NETWORKS[name].side]]


def default_boxes(name):
    """[boxes, 4]: centre x, centre y, width, height as fractions of the image, float64."""
    side, sizes = NETWORKS[name].side, BOX_SIDES[name]
    boxes = []
    for k, cells in enumerate(MAP_SIDES[side]):
        step = BOX_STEPS[name][k] if name in BOX_STEPS else side / cells
        small, large = sizes[k] / side, math.sqrt(sizes[k] * sizes[k + 1]) / side
        shapes = [(small, small), (large, large)]
        for ratio in [2, 3]:
            root = math.sqrt(ratio)
            shapes += [(small * root, small / root), (small / root, small * root)]
        boxes += [
            ((x + 0.5) * step / side, (y + 0.5) * step / side, *shape)
            for y in range(cells) for x in range(cells) for shape in shapes]
    boxes = torch.tensor(boxes, dtype=torch.float64)
    if name.startswith("ssd300-"):
        return boxes.clamp(0, 1)
    if name.startswith("ssdlite320-"):
        boxes[:, 2:] = boxes[:, 2:].clamp(0, 1)
    return boxes
