#!/usr/bin/env python3
"""Compares detectors exported as ONNX, run by onnxruntime, with `multibox detect`.

  Tests/Exchange/onnx_against_detect.py MULTIBOX CHECKPOINT IMAGE... [--opset 13 17] [--batch 1 4] [--set KEY=VALUE]...

needs onnx, onnxruntime and pillow from PyPI. Every file passes onnx.checker with full shape inference. It takes images of any size and
8 bits a colour, so PNG images are the same pixels for both; of a batch all images have one size, that of the first. A detection of one
program must have one of the other with the same label, a score that differs by at most 0.001 and an IoU above 0.99; those with a score
within 0.001 of the threshold, or of the last that is kept, may be missing. Ends with 1 when one is missing.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from PIL import Image

from matching import Comparison


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("multibox")
    parser.add_argument("checkpoint")
    parser.add_argument("images", nargs="+", type=pathlib.Path)
    parser.add_argument("--opset", nargs="+", type=int, default=[13, 17])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--score-threshold", type=float, default=0.05)
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


def main():
    options = parse()
    settings = [text for each in options.set + [f"evaluation.score_threshold={options.score_threshold}"] for text in ("--set", each)]
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        pictures = [Image.open(path).convert("RGB") for path in options.images]
        for batch in options.batch:
            groups = [pictures[start : start + batch] for start in range(0, len(pictures), batch)]
            groups = [[each.resize(group[0].size) for each in group] for group in groups]
            files = []
            for number, group in enumerate(groups):
                for index, picture in enumerate(group):
                    files.append(directory / f"{batch}-{number}-{index}.png")
                    picture.save(files[-1])
            found = directory / f"{batch}.json"
            subprocess.run(
                [options.multibox, "detect", options.checkpoint, *files, "--json", found, "--score-threshold", str(options.score_threshold)]
                + [text for each in options.set for text in ("--set", each)],
                check=True,
                stderr=subprocess.DEVNULL,
            )
            expected = [
                [(each["class"], each["score"], numpy.array(each["box"])) for each in image["detections"]]
                for image in json.loads(found.read_text())
            ]
            for opset in options.opset:
                path = directory / f"{opset}.onnx"
                subprocess.run(
                    [options.multibox, "export", options.checkpoint, path, "--opset", str(opset), "--resize", "--pixels", "uint8", *settings],
                    check=True,
                    stderr=subprocess.DEVNULL,
                )
                model = onnx.load(path)
                onnx.checker.check_model(model, full_check=True)
                metadata = {entry.key: entry.value for entry in model.metadata_props}
                classes, keep = json.loads(metadata["classes"]), int(metadata["keep"])
                session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                comparison, at = Comparison(options.score_threshold, keep), 0
                for group in groups:
                    pixels = numpy.stack([numpy.asarray(picture).transpose(2, 0, 1) for picture in group])
                    boxes, labels, scores, counts = session.run(None, {"images": pixels})
                    for index, picture in enumerate(group):
                        size = numpy.array(picture.size * 2)
                        theirs = [
                            (classes[labels[index, row] - 1], float(scores[index, row]), boxes[index, row] * size)
                            for row in range(counts[index])
                        ]
                        comparison.add(expected[at], theirs)
                        at += 1
                failed |= not comparison.is_same
                print(f"opset {opset}, batch {batch}, {path.stat().st_size / 1e6:.1f} MB: {comparison}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
