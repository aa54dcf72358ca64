#!/usr/bin/env python3
"""Draws the mAP of runs over seconds of training, from their metrics.jsonl; prints a Markdown table.

An iteration counts with the median of all, so that a machine that was busy for a while, evaluations and checkpoints do not bend the
curves.

    python3 -m venv peers && peers/bin/pip install matplotlib
    peers/bin/python docs/performance/learning_curves.py BCCD:MobileNetV1=runs/v1-bccd BCCD:VGG-16=runs/vgg-bccd --output curves.png
"""

import argparse
import json
import pathlib
import statistics

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="PANEL:NAME=DIRECTORY")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    return parser.parse_args()


def read(directory):
    """Seconds of an iteration, images of an iteration, and [iteration, mAP]; a resumed run repeats iterations, the last one counts."""
    iterations, scores = {}, {}
    for line in (pathlib.Path(directory) / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        if "mAP" in record:
            scores[record["iteration"]] = record["mAP"]
        elif "images_per_second" in record:
            iterations[record["iteration"]] = (sum(record["seconds"].values()), record["images_per_second"])
    seconds = statistics.median(each[0] for each in iterations.values())
    images = round(statistics.median(each[0] * each[1] for each in iterations.values()))
    return seconds, images, sorted(scores.items())


def main():
    options = parse()
    panels = {}
    for run in options.runs:
        place, directory = run.split("=", 1)
        panel, name = place.split(":", 1)
        panels.setdefault(panel, []).append((name, *read(directory)))
    figure, axes = pyplot.subplots(1, len(panels), figsize=(5.2 * len(panels), 3.6), squeeze=False)
    print("| data | network | images/s | seconds to 90 % of its best | images | best mAP |")
    print("|---|---|---|---|---|---|")
    for axis, (panel, runs) in zip(axes[0], panels.items()):
        for name, seconds, images, scores in runs:
            axis.plot([0] + [n * seconds for n, _ in scores], [0] + [score for _, score in scores], marker=".", label=name)
            best = max(score for _, score in scores)
            near = next(n for n, score in scores if score >= 0.9 * best)
            print(f"| {panel} | {name} | {images / seconds:.1f} | {near * seconds:.0f} | {near * images} | {best:.3f} |")
        axis.set(title=panel, xlabel="seconds of training", ylim=(0, None), xlim=(0, None))
        axis.grid(alpha=0.3)
        axis.legend(loc="lower right")
    axes[0][0].set_ylabel("mAP (voc07)")
    figure.tight_layout()
    figure.savefig(options.output, dpi=80)


if __name__ == "__main__":
    main()
