#!/usr/bin/env python3
"""Writes classifier-names.json: the names and shapes of the tensors of torchvision's classifiers that are bases of detectors.

    python3 -m venv venv && venv/bin/pip install torch torchvision
    venv/bin/python Tests/Fixtures/generate_classifier_names.py
"""
import json
import pathlib

from torchvision import models

NAMES = ["mobilenet_v2", "mobilenet_v3_large"]


def main():
    shapes = {
        name: {key: list(tensor.shape) for key, tensor in getattr(models, name)(weights=None).state_dict().items()}
        for name in NAMES
    }
    path = pathlib.Path(__file__).parent / "classifier-names.json"
    lines = [f'"{name}": {{\n' + ",\n".join(f'"{key}": {shape}' for key, shape in tensors.items()) + "}"
             for name, tensors in shapes.items()]
    path.write_text("{" + ",\n".join(lines) + "}\n")
    json.loads(path.read_text())


if __name__ == "__main__":
    main()
