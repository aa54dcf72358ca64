#!/usr/bin/env python3
"""Times `multibox score` beside pycocotools on this machine and prints a Markdown table.

    python3 -m venv peers && peers/bin/pip install pycocotools
    swift build -c release
    docs/performance/compare_score.py --python peers/bin/python

The files are made up: images with seven objects and a hundred detections each, of eighty classes, three in four of which
are near an object. Both programs read the same two files, each in a process of its own and in turns, and must find the
same twelve numbers. Time is that of the whole process, start and reading included.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

PEER = """
import contextlib, io, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    evaluation = COCOeval(truth, truth.loadRes(sys.argv[2]), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
with open(sys.argv[3], "w") as file:
    json.dump([float(value) for value in evaluation.stats], file)
"""
KEYS = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def make_files(folder, images, detections):
    """COCO annotations and results; ids of categories have gaps, as COCO's have."""
    rng = random.Random(1)
    categories = [1 + index * 9 // 8 for index in range(80)]
    annotations, results = [], []
    for image in range(1, images + 1):
        objects = []
        for _ in range(rng.randrange(15)):
            width, height = (round(rng.uniform(8, 250), 2) for _ in range(2))
            box = [round(rng.uniform(0, 640 - width), 2), round(rng.uniform(0, 480 - height), 2), width, height]
            objects.append({
                "id": len(annotations) + len(objects) + 1, "image_id": image, "category_id": rng.choice(categories), "bbox": box,
                "area": round(width * height * rng.uniform(0.5, 1), 4), "iscrowd": int(rng.random() < 0.01),
            })
        annotations += objects
        for _ in range(detections):
            near = rng.choice(objects) if objects and rng.random() < 0.75 else None
            box = near["bbox"] if near else [rng.uniform(0, 500), rng.uniform(0, 400), 60, 60]
            category = near["category_id"] if near and rng.random() < 0.8 else rng.choice(categories)
            results.append({
                "image_id": image, "category_id": category, "bbox": [round(value * rng.uniform(0.8, 1.2), 3) for value in box],
                "score": round(rng.random(), 5),
            })
    truth = {
        "images": [{"id": image, "width": 640, "height": 480} for image in range(1, images + 1)],
        "categories": [{"id": category, "name": f"class {category}"} for category in categories], "annotations": annotations,
    }
    paths = folder / "truth.json", folder / "results.json"
    for path, content in zip(paths, (truth, results)):
        path.write_text(json.dumps(content))
    return paths


def run(command):
    """Seconds on the wall, seconds of processor time, and the largest resident set in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"compare_score: {command[0]} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--multibox", default=str(REPOSITORY / ".build/release/multibox"), help="the program")
    parser.add_argument("--python", default=sys.executable, help="a Python that has pycocotools")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=100, help="in an image")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        truth, results = map(str, make_files(folder, options.images, options.detections))
        ours, theirs = str(folder / "ours.json"), str(folder / "theirs.json")
        commands = {
            "multibox score": [
                options.multibox, "score", "--ground-truth", truth, "--detections", results, "--metric", "coco", "--json", ours,
            ],
            "pycocotools": [options.python, "-c", PEER, truth, results, theirs],
        }
        rounds = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                rounds[name].append(run(command))
        found = json.loads(pathlib.Path(ours).read_text())
        expected = json.loads(pathlib.Path(theirs).read_text())
    difference = max(abs((found[key] if found[key] is not None else -1) - value) for key, value in zip(KEYS, expected))
    print(f"{options.images} images with {options.detections} detections each; largest difference of the twelve numbers {difference}")
    print("\n| | seconds | processor seconds | peak memory | multibox is … times as fast |\n|---|---|---|---|---|")
    for name, measured in rounds.items():
        seconds, processor, memory = zip(*measured)
        ratio = ""
        if name == "pycocotools":
            ratios = [theirs[0] / ours[0] for theirs, ours in zip(measured, rounds["multibox score"])]
            ratio = f" {statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})"
        print(
            f"| {name} | {statistics.median(seconds):.2f} | {statistics.median(processor):.2f} | {max(memory) / 1e9:.2f} GB |{ratio} |"
        )
    return 0 if difference <= 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
