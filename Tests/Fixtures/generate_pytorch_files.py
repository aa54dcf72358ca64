#!/usr/bin/env python3
"""Writes PyTorch/: small files of torch.save in the forms that people have, and PyTorch/expected.json with every value in them.

    python3 -m venv venv && venv/bin/pip install torch
    venv/bin/python Tests/Fixtures/generate_pytorch_files.py

expected.json has for each file that is to be read `tensors` (name: type, shape, values; those that are not finite as texts), for each
that is to be refused `refused`, texts that the message must contain.
"""
import argparse
import collections
import io
import json
import math
import os
import pathlib
import pickle
import tarfile
import zipfile

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "PyTorch"
expected = {}


def number(value):
    return value if math.isfinite(value) else str(value)


def describe(tensors):
    return {name: {"type": str(t.dtype).removeprefix("torch."), "shape": list(t.shape),
                   "values": [number(float(v)) for v in t.detach().contiguous().flatten().double().tolist()]}
            for name, t in tensors.items()}


def accept(name, value, tensors, **options):
    """Saves a value of which exactly these tensors are to be read."""
    torch.save(value, FOLDER / name, **options)
    expected[name] = {"tensors": describe(tensors)}


def refuse(name, write, *texts):
    write(FOLDER / name)
    expected[name] = {"refused": list(texts)}


def save(value, **options):
    return lambda path: torch.save(value, path, **options)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(2, 3, (1, 2))
        self.normalization = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.normalization(self.convolution(x))


class Command:
    """What an attacker puts into a file: a call that pickle executes."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class Settings:
    def __init__(self):
        self.rate = 0.1


def rewritten(source, change):
    """A zip file whose entries change(name, bytes) has had."""
    def write(path):
        with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
            for entry in old.infolist():
                change(new, entry.filename, old.read(entry.filename))
    return write


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def spoilt(data, old, new):
    assert data.count(old) >= 1 and old != new
    return lambda path: path.write_bytes(data.replace(old, new))


def archive(path):
    with tarfile.open(path, "w:") as tar:
        for name in ["sys_info", "pickle", "tensors", "storages"]:
            data = pickle.dumps({"name": name}, protocol=2)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(1)
    # The legacy form of a whole network has its source file's path and text.
    torch.serialization.get_source_lines_and_file = lambda _: (["class Network(nn.Module): ...\n"], 1, "models.py")
    network = Network()
    state = network.state_dict()
    legacy = {"_use_new_zipfile_serialization": False}

    accept("zip.pth", state, state)
    accept("legacy.pth", state, state, **legacy)
    accept("protocol4.pth", state, state, pickle_protocol=4)
    types = {
        "half": torch.tensor([1.5, -0.0, 6e-8, 65504, float("inf")], dtype=torch.half),
        "bfloat16": torch.tensor([[1.0, -2.5], [3e38, 1e-40]], dtype=torch.bfloat16),
        "double": torch.tensor([0.1, -1e300, 2.0], dtype=torch.double),
        "float": torch.tensor([1e-45, float("nan"), 3.25]),
        "long": torch.tensor([-5, 7]), "int": torch.tensor([-(2**31)], dtype=torch.int),
        "short": torch.tensor([-300, 300], dtype=torch.short), "char": torch.tensor([-128], dtype=torch.int8),
        "byte": torch.tensor([255], dtype=torch.uint8), "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(4.5), "empty": torch.zeros(0, 3),
    }
    accept("types.pth", types, types)
    accept("types-legacy.pth", types, types, **legacy)
    base = torch.arange(24.0).reshape(4, 6)
    views = {"whole": base, "transposed": base.t(), "slice": base[1:3, 2:5], "column": base[:, 3], "row": base[2],
             "repeated": base[0, :2].expand(3, 2), "again": base, "every": base[::2, ::3],
             "channels_last": torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)}
    accept("views.pth", views, views)
    accept("views-legacy.pth", views, views, **legacy)
    accept("parameters.pth", {"a": nn.Parameter(torch.ones(2)), "b": nn.Parameter(torch.zeros(1), requires_grad=False)},
           {"a": torch.ones(2), "b": torch.zeros(1)})
    accept("module.pth", {"module." + n: t for n, t in state.items()}, state)
    accept("lightning.pth", {"state_dict": {"model.module." + n: t for n, t in state.items()}, "epoch": 3,
                             "hyper_parameters": {"lr": 0.1}}, state)
    # As torchvision's reference scripts save: arguments with a path that looks like a part of a TorchScript program.
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    network(torch.ones(1, 2, 4, 5)).sum().backward()
    optimizer.step()
    state = {n: t.clone() for n, t in network.state_dict().items()}
    accept("training.pth", {"model": state, "optimizer": optimizer.state_dict(), "epoch": 12, "best": torch.tensor(0.5),
                            "args": argparse.Namespace(data_path="/home/user/code/data", lr=0.1, constants="/constants.pkl"),
                            "settings": Settings(), "kinds": {1, 2}}, state)
    accept("ema.pth", {"ema": state, "model": {n: t + 1 for n, t in state.items()}}, {n: t + 1 for n, t in state.items()})
    accept("nested.pth", {"detector": {"state_dict": state}, "note": "text"} | {"model": {"state_dict": state}}, state)
    accept("other-key.pth", {"weights_of_mine": state, "loss": [0.1, 0.2]}, state)
    accept("extra-state.pth", collections.OrderedDict(state, extra=None, version=2), state)

    network_name = "whole network of class '__main__.Network'"
    refuse("whole-module.pth", save(network), network_name, "model.state_dict()")
    refuse("whole-module-legacy.pth", save(network, **legacy), network_name, "model.state_dict()")
    refuse("whole-module-inside.pth", save({"epoch": 1, "model": network, "ema": None}), "__main__.Network", "under 'model'")
    attack = {"a": torch.ones(1), "b": Command(os.system, "true")}
    refuse("system.pth", save(attack), "posix.system", "nothing was executed")
    refuse("system-legacy.pth", save(attack, **legacy), "posix.system", "nothing was executed")
    refuse("eval.pth", save({"a": torch.ones(1), "args": Command(eval, "1")}), "builtin", ".eval'", "nothing was executed")
    refuse("unknown-call.pth", save({"a": torch.ones(1), "args": Command(describe, {})}), "__main__.describe", "nothing was executed")
    refuse("sparse.pth", save({"a": torch.ones(1), "b": torch.eye(2).to_sparse()}), "tensor b", "_rebuild_sparse_tensor")
    refuse("quantized.pth", save({"q": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}), "tensor q", "_rebuild_qtensor")
    refuse("float8.pth", save({"f": torch.ones(2).to(torch.float8_e4m3fn)}), "tensor f", "torch.float8_e4m3fn")
    refuse("complex-legacy.pth", save({"c": torch.ones(1, dtype=torch.complex128)}, **legacy), "ComplexDoubleStorage")
    refuse("no-tensors.pth", save({"epoch": 3, "names": ["a"]}), "no dictionary of tensors", "epoch, names")
    refuse("tensor.pth", save(torch.ones(2)), "holds a tensor, not a dictionary")
    refuse("script.pt", lambda path: torch.jit.script(nn.Linear(2, 1)).save(path), "TorchScript program")
    refuse("tar.pth", archive, "PyTorch file of the tar form")
    plain = saved({"a": torch.arange(8.0)})
    old = saved({"a": torch.arange(8.0)}, **legacy)
    values = torch.arange(8.0).numpy().tobytes()
    refuse("damaged.pth", spoilt(plain, values, values[:-1] + b"\x41"), "data/0' is damaged: its CRC-32 is")
    refuse("cut.pth", lambda path: path.write_bytes(plain[:-40]), "cut off")
    refuse("cut-legacy.pth", lambda path: path.write_bytes(old[:-3]), "cut off")
    refuse("long-legacy.pth", lambda path: path.write_bytes(old + b"\0"), "1 byte behind the last storage")
    refuse("deflated.pth", rewritten(plain, lambda new, name, data: new.writestr(name, data, zipfile.ZIP_DEFLATED)),
           "is compressed (method 8)")
    refuse("big-endian.pth",
           rewritten(plain, lambda new, name, data: new.writestr(name, b"big" if name.endswith("byteorder") else data)), "big-endian")
    refuse("incomplete.pth", rewritten(plain, lambda new, name, data: None if name.endswith("data/0") else new.writestr(name, data)),
           "no entry 'archive/data/0'")
    expected["versions"] = {"torch": torch.__version__}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
    print(f"{len(expected) - 1} files, {sum(f.stat().st_size for f in FOLDER.iterdir())} bytes")


if __name__ == "__main__":
    main()
