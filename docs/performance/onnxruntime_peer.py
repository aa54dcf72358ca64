#!/usr/bin/env python3
"""Times the MobileNet detectors of Tests/Fixtures/mobilenets.py in onnxruntime; prints one JSON object.

network    the convolutions alone, as the phase `forward` of `multibox benchmark inference`
detection  decoding and non-maximum suppression too, all of `multibox benchmark inference`

PyTorch exports the graph, with batch normalisations folded as its exporter and onnxruntime do it; detection is torchvision's, which the
graph repeats for every image. The weights are untrained, so that every class has as many candidates as there may be.

    python3 -m venv peers && peers/bin/pip install torch torchvision onnx onnxruntime
    peers/bin/python docs/performance/onnxruntime_peer.py detection --network ssd300-mobilenet-v1 --threads 2 --batch 8
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

import onnxruntime
import torch

from torch_mobilenets import detector
from torch_peer import CLASSES

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"))
from mobilenets import NETWORKS  # noqa: E402


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["network", "detection"])
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=20)
    parser.set_defaults(layout="contiguous")
    return parser.parse_args()


def session(options):
    """The exported graph, and its inputs."""
    side = NETWORKS[options.network].side
    if options.task == "network":
        model = NETWORKS[options.network](CLASSES).eval()
        arguments = [torch.rand(options.batch, 3, side, side)]
        example = tuple(arguments)
    else:
        model = detector(options).eval()
        arguments = [torch.rand(3, side, side) for _ in range(options.batch)]
        example = (arguments,)
    names = [f"input{i}" for i in range(len(arguments))]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        torch.onnx.export(model, example, file.name, opset_version=17, dynamo=False, input_names=names)
        graph = onnxruntime.InferenceSession(file.name, settings, providers=["CPUExecutionProvider"])
    return graph, {name: images.numpy() for name, images in zip(names, arguments)}


def main():
    options = parse()
    torch.manual_seed(0)
    graph, inputs = session(options)
    seconds = []
    for _ in range(options.iterations + 3):
        start = time.perf_counter()
        graph.run(None, inputs)
        seconds.append(time.perf_counter() - start)
    seconds = seconds[3:]
    print(json.dumps({
        **vars(options), "seconds": statistics.median(seconds), "fastest": min(seconds),
        "images_per_second": options.batch / statistics.median(seconds), "onnxruntime": onnxruntime.__version__,
    }))


if __name__ == "__main__":
    main()
