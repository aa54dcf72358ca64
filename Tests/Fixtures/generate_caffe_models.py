#!/usr/bin/env python3
"""Writes Caffe/: small networks in the forms of .caffemodel that people have, and Caffe/expected.json with every value in them.

    python3 -m venv venv && venv/bin/pip install numpy "opencv-python-headless<5"
    venv/bin/python Tests/Fixtures/generate_caffe_models.py

Messages are written by hand, after caffe.proto of weiliu89/caffe. OpenCV, which has a reader of its own, must find the same values.
expected.json has for each file `tensors` (name: shape, values) as they are to be read, or `refused`, a text that the message must contain.
"""
import json
import pathlib
import struct

import cv2
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "Caffe"


def variable(number):
    result = b""
    while True:
        number, low = number >> 7, number & 0x7F
        result += bytes([low | (0x80 if number else 0)])
        if not number:
            return result


def field(number, content):
    if isinstance(content, int):
        return variable(number << 3) + variable(content)
    if isinstance(content, str):
        content = content.encode()
    return variable(number << 3 | 2) + variable(len(content)) + content


def blob(values, old=False, double=False, packed=True):
    shape = list(values.shape)
    if old:
        shape = [1] * (4 - len(shape)) + shape
        message = b"".join(field(1 + i, n) for i, n in enumerate(shape))
    elif packed:
        message = field(7, field(1, b"".join(map(variable, shape))))
    else:
        message = field(7, b"".join(field(1, n) for n in shape))
    flat = values.astype("<f8" if double else "<f4").ravel()
    if double:
        return message + field(8, flat.tobytes())
    if packed:
        half = len(flat) // 2  # A packed field may come in pieces.
        return message + field(5, flat[:half].tobytes()) + field(5, flat[half:].tobytes())
    return message + b"".join(variable(5 << 3 | 5) + struct.pack("<f", x) for x in flat)


def network(layers, **options):
    """Layers of (name, type, parameter field and bytes, blobs)."""
    result = field(1, "net") + field(8, 1)
    for name, kind, parameter, blobs in layers:
        blobs = b"".join(field(7, blob(b, **options)) for b in blobs)
        result += field(100, field(1, name) + field(2, kind) + field(3, "in") + field(10, 0) + blobs + parameter)
    return result


def old_network(layers):
    result = field(1, "net")
    for name, kind, blobs in layers:
        blobs = b"".join(field(6, blob(b, old=True)) for b in blobs)
        result += field(2, field(2, "in") + field(3, name) + field(4, name) + field(5, kind) + blobs)
    return result


def describe(tensors):
    return {"tensors": {n: {"shape": list(t.shape), "values": t.astype(float).ravel().tolist()} for n, t in tensors.items()}}


PROTOTXT = """
name: "net" input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
layer { name: "conv1_1" type: "Convolution" bottom: "data" top: "conv1_1" convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "conv4_3_norm" type: "Normalize" bottom: "conv1_1" top: "norm" norm_param { across_spatial: false channel_shared: false } }
layer { name: "conv6_1" type: "Convolution" bottom: "norm" top: "conv6_1" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "fc8" type: "InnerProduct" bottom: "conv6_1" top: "fc8" inner_product_param { num_output: 3 } }
"""


def main():
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(1)

    def numbers(*shape):
        return (random.integers(-512, 512, shape) / 64).astype(np.float32)

    first, first_bias, scale = numbers(4, 3, 3, 3), numbers(4), numbers(4)
    second, second_bias, product, product_bias = numbers(2, 4, 1, 1), numbers(2), numbers(3, 128), numbers(3)
    blobs = {"conv1_1": [first, first_bias], "conv4_3_norm": [scale], "conv6_1": [second, second_bias],
             "fc8": [product, product_bias]}
    tensors = {"conv1_1.weight": first[:, ::-1], "conv1_1.bias": first_bias, "conv4_3_norm.weight": scale,
               "conv6_1.weight": second, "conv6_1.bias": second_bias, "fc8.product.weight": product,
               "fc8.product.bias": product_bias}
    layers = [
        ("data", "Input", b"", []), ("conv1_1", "Convolution", field(106, field(1, 4) + field(4, 3) + field(3, 1)), blobs["conv1_1"]),
        ("relu", "ReLU", b"", []), ("conv4_3_norm", "Normalize", field(206, field(1, 0) + field(3, 0)), blobs["conv4_3_norm"]),
        ("conv6_1", "Convolution", field(106, field(1, 2) + field(4, 1)), blobs["conv6_1"]),
        ("fc8", "InnerProduct", field(117, field(1, 3)), blobs["fc8"])]
    expected = {}
    for name, options in [("new", {}), ("unpacked", {"packed": False}), ("double", {"double": True})]:
        data = network(layers, **options)
        (FOLDER / f"{name}.caffemodel").write_bytes(data)
        expected[f"{name}.caffemodel"] = describe(tensors)
        if name == "double":
            continue  # OpenCV reads float32 alone.
        net = cv2.dnn.readNetFromCaffe(*(np.frombuffer(b, np.uint8) for b in (PROTOTXT.encode(), data)))
        for layer, values in blobs.items():
            for index, value in enumerate(values):
                found = net.getParam(layer, index)
                assert found.size == value.size and (found.ravel() == value.ravel()).all(), (name, layer, index)
    old = [("conv1_1", 4, blobs["conv1_1"]), ("relu", 18, []), ("conv6_1", 4, blobs["conv6_1"]), ("fc8", 14, blobs["fc8"])]
    (FOLDER / "old.caffemodel").write_bytes(old_network(old))
    expected["old.caffemodel"] = describe({n: t for n, t in tensors.items() if "norm" not in n})
    data = (FOLDER / "new.caffemodel").read_bytes()
    oldest = field(1, "net") + field(2, field(1, field(1, "conv1_1")))
    wrong = network([("conv1_1", "Convolution", field(106, field(1, 4)), [])])
    wrong += field(100, field(1, "conv1_1") + field(2, "Convolution") + field(7, field(7, field(1, b"\x04\x03")) + field(5, b"\0" * 8)))
    for name, content, text in [("cut", data[:-20], "cut off or damaged"), ("oldest", oldest, "of the oldest form"),
                                ("empty", field(1, "net") + field(100, field(1, "data")), "no layer has a blob"),
                                ("wrong", wrong, "conv1_1: a blob of shape [4, 3] with 8 bytes")]:
        (FOLDER / f"{name}.caffemodel").write_bytes(content)
        expected[f"{name}.caffemodel"] = {"refused": text}
    expected["versions"] = {"opencv": cv2.__version__, "numpy": np.__version__}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=None, sort_keys=True) + "\n")
    print(f"{len(expected) - 1} files, {sum(f.stat().st_size for f in FOLDER.iterdir())} bytes")


if __name__ == "__main__":
    main()
