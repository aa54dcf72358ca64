#!/usr/bin/env python3
"""Compares what TensorBoard reads of runs with their metrics.jsonl.

  Tests/Exchange/tensorboard_against_metrics.py RUN... [--server]

needs tensorboard and numpy from PyPI. Every number of metrics.jsonl that is shown must be there once, under its iteration, with the bits of the nearest float32, and
nothing else. With --server the web server is asked too, whose reader is another program. Ends with 1 at the first difference.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import numpy
from tensorboard.backend.event_processing import event_accumulator

PARTS = {"loss": "loss/total", "confidence_loss": "loss/confidence", "location_loss": "loss/location"}
OTHERS = {"learning_rate": "learning_rate", "gradient_norm": "gradient_norm", "images_per_second": "throughput/images_per_second"}


def expected(run):
    """{tag: {iteration: value}} of metrics.jsonl."""
    tags = {}

    def add(tag, iteration, value):
        tags.setdefault(tag, {})[iteration] = numpy.float32(math.nan if value is None else value)

    for line in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()):
        iteration = line["iteration"]
        if "metric" in line:
            add("evaluation/mAP", iteration, line["mAP"])
            for name, value in line["AP"].items():
                add(f"evaluation/AP/{name}", iteration, value)
            continue
        for key, tag in (PARTS | OTHERS).items():
            if key in line:
                add(tag, iteration, line[key])
        for phase, seconds in line["seconds"].items():
            add(f"seconds/{phase}", iteration, seconds)
    return tags


def compare(name, tags, points):
    """points(tag): [(step, value)]."""
    count = 0
    for tag, values in tags.items():
        found = points(tag)
        if sorted(step for step, _ in found) != sorted(values):
            sys.exit(f"{name}: {tag} has the steps {[step for step, _ in found]}, metrics.jsonl {sorted(values)}")
        for step, value in found:
            one, other = numpy.float32(value), values[step]
            if one.tobytes() != other.tobytes() and not (numpy.isnan(one) and numpy.isnan(other)):
                sys.exit(f"{name}: {tag} at {step} is {one!r}, in metrics.jsonl {other!r}")
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=pathlib.Path)
    parser.add_argument("--server", action="store_true")
    options = parser.parse_args()
    for run in options.runs:
        tags = expected(run)
        reader = event_accumulator.EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0, "histograms": 0})
        reader.Reload()
        known = reader.Tags()
        extra = set(known["scalars"]) - set(tags) - {"positives_per_image"}
        if extra:
            sys.exit(f"{run}: {extra} are not in metrics.jsonl")
        count = compare(run, tags, lambda tag: [(each.step, each.value) for each in reader.Scalars(tag)])
        images = [f"{tag} at {[each.step for each in reader.Images(tag)]}" for tag in known["images"]]
        for tag in known["images"]:
            for each in reader.Images(tag):
                if each.encoded_image_string[:3] not in (b"\xff\xd8\xff", b"\x89PN"):
                    sys.exit(f"{run}: {tag} is no image")
        histograms = len(known["histograms"])
        print(f"{run}: {count} numbers in {len(tags)} curves, images {images}, {histograms} histograms")
        if options.server:
            print(f"{run}: {served(run, tags)} numbers from the server")


def served(run, tags):
    port = 16006
    server = subprocess.Popen(
        ["tensorboard", "--load_fast=true", "--logdir", run, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def get(path, **arguments):
        with urllib.request.urlopen(f"http://localhost:{port}{path}?{urllib.parse.urlencode(arguments)}") as answer:
            return json.load(answer)

    try:
        for _ in range(60):
            time.sleep(1)
            try:
                if get("/data/plugin/scalars/tags"):
                    break
            except OSError:
                pass
        time.sleep(3)

        def points(tag):
            return [(step, math.nan if value == "NaN" else value) for _, step, value in get("/data/plugin/scalars/scalars", run=".", tag=tag)]

        return compare(f"{run} (server)", tags, points)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
