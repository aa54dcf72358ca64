#!/usr/bin/env python3
"""Times torchvision's ssd300_vgg16 in onnxruntime or OpenVINO for compare.py; prints one JSON object.

PyTorch exports the graph from an image to the raw outputs of the heads: no decoding, and no non-maximum suppression, which Multibox's
time includes.

    python3 -m venv peers && peers/bin/pip install torch torchvision onnx onnxruntime openvino
    peers/bin/python docs/performance/runtime_peer.py openvino --threads 2 --batch 1 --precision bfloat16
"""

import argparse
import json
import tempfile
import time
import warnings

import torch
import torchvision
from torchvision.models import detection

from torch_peer import CLASSES, peak_memory_bytes
from voc_images import SIDE


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime", choices=["onnxruntime", "openvino"])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    if options.runtime == "onnxruntime" and options.precision != "float32":
        parser.error("onnxruntime computes in float32 on processors")
    return options


class RawHeads(torch.nn.Module):
    """Scores and offsets of all default boxes."""

    def __init__(self):
        super().__init__()
        self.model = detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=CLASSES).eval()

    def forward(self, images):
        outputs = self.model.head(list(self.model.backbone(images).values()))
        return outputs["cls_logits"], outputs["bbox_regression"]


def onnxruntime_function(path, options):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return onnxruntime.__version__, lambda images: session.run(None, {"images": images})


def openvino_function(path, options):
    import openvino

    core = openvino.Core()
    hint = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}[options.precision]
    compiled = core.compile_model(core.read_model(path), "CPU", {
        "INFERENCE_NUM_THREADS": options.threads, "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY",
    })
    used = compiled.get_property("INFERENCE_PRECISION_HINT")
    if used != hint:
        raise SystemExit(f"OpenVINO computes in {used} here, not in {options.precision}")
    request = compiled.create_infer_request()
    return openvino.__version__, lambda images: request.infer({"images": images})


def main():
    options = parse()
    torch.manual_seed(0)
    images = torch.rand(options.batch, 3, SIDE, SIDE)
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        # Of the exporter, which is the one whose graphs both programs take as they are.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            RawHeads(), (images,), file.name, opset_version=17, dynamo=False, input_names=["images"],
            output_names=["scores", "offsets"])
        make = onnxruntime_function if options.runtime == "onnxruntime" else openvino_function
        version, infer = make(file.name, options)
    pixels = images.numpy()
    seconds = []
    for _ in range(options.warm_up + options.iterations):
        start = time.perf_counter()
        infer(pixels)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "seconds": seconds[options.warm_up :], "batch": options.batch, "torch": torch.__version__,
        "torchvision": torchvision.__version__, options.runtime: version, "peak_memory_bytes": peak_memory_bytes(),
    }))


if __name__ == "__main__":
    main()
