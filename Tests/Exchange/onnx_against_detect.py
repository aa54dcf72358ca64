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

TOLERANCE = 1e-3


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


def overlap(one, other):
    left, top = numpy.maximum(one[:2], other[:2])
    right, bottom = numpy.minimum(one[2:], other[2:])
    shared = max(0, right - left) * max(0, bottom - top)
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    union = area(one) + area(other) - shared
    return shared / union if union > 0 else 1.0


def missing(ours, theirs, threshold, is_full):
    """Detections, (label, score, box), of the first list without a partner in the second; and the worst of the partners."""
    floor = threshold + TOLERANCE
    if is_full:
        floor = max(floor, min(score for _, score, _ in theirs) + TOLERANCE)
    lost, worst_overlap, worst_score = [], 1.0, 0.0
    for label, score, box in ours:
        partners = [
            (overlap(box, other), abs(score - its)) for name, its, other in theirs if name == label and abs(score - its) <= TOLERANCE
        ]
        best = max(partners, default=(0.0, 1.0))
        if best[0] > 0.99:
            worst_overlap, worst_score = min(worst_overlap, best[0]), max(worst_score, best[1])
        elif score > floor:
            lost.append((label, score, list(box)))
    return lost, worst_overlap, worst_score


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
                count, lost, worst_overlap, worst_score, at = 0, [], 1.0, 0.0, 0
                for group in groups:
                    pixels = numpy.stack([numpy.asarray(picture).transpose(2, 0, 1) for picture in group])
                    boxes, labels, scores, counts = session.run(None, {"images": pixels})
                    for index, picture in enumerate(group):
                        size = numpy.array(picture.size * 2)
                        theirs = [
                            (classes[labels[index, row] - 1], float(scores[index, row]), boxes[index, row] * size)
                            for row in range(counts[index])
                        ]
                        ours = expected[at]
                        at += 1
                        count += len(ours)
                        for one, other in ((ours, theirs), (theirs, ours)):
                            result = missing(one, other, options.score_threshold, len(other) == keep)
                            lost += result[0]
                            worst_overlap, worst_score = min(worst_overlap, result[1]), max(worst_score, result[2])
                failed |= bool(lost) or count == 0
                print(
                    f"opset {opset}, batch {batch}: {count} detections, {len(lost)} without a partner, IoU at least {worst_overlap:.5f}, "
                    f"scores within {worst_score:.1e}, {path.stat().st_size / 1e6:.1f} MB"
                )
                for each in lost[:5]:
                    print("  ", each)
    sys.exit(failed)


if __name__ == "__main__":
    main()
