#!/usr/bin/env python3
"""Times the MobileNet detectors of Tests/Fixtures/mobilenets.py in onnxruntime, without decoding; prints one JSON object.

The network is exported by PyTorch, with batch normalisations folded as its exporter and onnxruntime do it. Compare with the phase
`forward` of `multibox benchmark inference`.

    python3 -m venv peers && peers/bin/pip install torch torchvision onnx onnxruntime
    peers/bin/python docs/performance/onnxruntime_peer.py --network ssd300-mobilenet-v1 --threads 2 --batch 8
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

from torch_peer import CLASSES

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"))
from mobilenets import NETWORKS  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=20)
    options = parser.parse_args()
    torch.manual_seed(0)
    network = NETWORKS[options.network](CLASSES).eval()
    images = torch.rand(options.batch, 3, network.side, network.side)
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        torch.onnx.export(network, (images,), file.name, opset_version=17, dynamo=False)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        session = onnxruntime.InferenceSession(file.name, settings, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: images.numpy()}
    seconds = []
    for _ in range(options.iterations + 3):
        start = time.perf_counter()
        session.run(None, inputs)
        seconds.append(time.perf_counter() - start)
    seconds = seconds[3:]
    print(json.dumps({
        **vars(options), "seconds": statistics.median(seconds), "fastest": min(seconds),
        "images_per_second": options.batch / statistics.median(seconds), "onnxruntime": onnxruntime.__version__,
    }))


if __name__ == "__main__":
    main()
