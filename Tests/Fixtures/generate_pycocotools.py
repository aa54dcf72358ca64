#!/usr/bin/env python3
"""Writes pycocotools-scores.json: small random cases with the twelve numbers that pycocotools computes for them.

    python3 -m venv venv && venv/bin/pip install pycocotools
    venv/bin/python Tests/Fixtures/generate_pycocotools.py

Every case is one of the kinds below, by turns. All have images in random order with ids that have gaps, images without
objects, without detections and without either, and categories without objects, without detections and without either.

    plain      boxes with two decimals
    grid       whole numbers, few scores: equal IoUs, equal scores, IoUs exactly at a threshold
    crowds     a third of the objects are crowds; some have `ignore`, which pycocotools does not look at
    sizes      areas at and next to 32*32 and 96*96 and unlike those of the boxes
    many       more than a hundred detections of a class in an image
    same       detections that repeat the objects' boxes, also twice
    zero       an annotation with the id 0

With --count and --output more cases can be made; the seed of case n is n whatever the count.
"""
import argparse
import contextlib
import io
import json
import pathlib
import platform
import random
from importlib import metadata

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

KINDS = ["plain", "grid", "crowds", "sizes", "many", "same", "zero"]


def box(rng, kind, near=None):
    """A box [x, y, width, height], perhaps close to another one."""
    if near is not None:
        if kind == "same" and rng.random() < 0.7:
            return list(near)
        if kind == "grid":
            dx, dy, dw, dh = (rng.choice([0, 0, 0, 1, 2, -1]) for _ in range(4))
            return [near[0] + dx, near[1] + dy, max(1, near[2] + dw), max(1, near[3] + dh)]
        spread = rng.choice([0.02, 0.08, 0.2])
        x = near[0] + near[2] * rng.uniform(-spread, spread)
        y = near[1] + near[3] * rng.uniform(-spread, spread)
        result = [x, y, near[2] * rng.uniform(1 - spread, 1 + spread), near[3] * rng.uniform(1 - spread, 1 + spread)]
        return result if rng.random() < 0.1 else [round(value, 2) for value in result]
    if kind == "grid":
        return [rng.randrange(40), rng.randrange(40), rng.randrange(1, 20), rng.randrange(1, 20)]
    side = 2 ** rng.uniform(2, 8)
    size = [side * rng.uniform(0.6, 1.6), side * rng.uniform(0.6, 1.6)]
    return [round(value, 2) for value in [rng.uniform(0, 300), rng.uniform(0, 200)] + size]


def area(rng, kind, size):
    if kind == "sizes":
        return rng.choice([1024, 1024.0, 1023.9999, 1024.0001, 9216, 9215.5, 9216.5, 0, 5e5, size[2] * size[3]])
    return size[2] * size[3] if rng.random() < 0.5 else round(size[2] * size[3] * rng.uniform(0.5, 1), 3)


def case(seed):
    """The ground truth and the results of a case."""
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    images = rng.sample(range(1, 100), rng.randrange(1, 7))
    categories = rng.sample(range(1, 30), rng.randrange(1, 5))
    annotations, results = [], []
    identifiers = iter(rng.sample(range(1, 1000), 500))
    for image in images:
        objects = []
        for _ in range(rng.choice([0, 0, 1, 2, 4, 6])):
            size = box(rng, kind)
            record = {"image_id": image, "category_id": rng.choice(categories[1:] or categories), "bbox": size}
            record.update(id=next(identifiers), iscrowd=int(rng.random() < (0.33 if kind == "crowds" else 0.05)))
            record["area"] = area(rng, kind, size)
            if kind == "crowds" and rng.random() < 0.2:
                record["ignore"] = 1
            objects.append(record)
        annotations += objects
        count = 130 if kind == "many" and image == images[0] else rng.choice([0, 1, 3, 6, 9])
        for _ in range(count):
            near = rng.choice(objects) if objects and rng.random() < 0.75 else None
            category = near["category_id"] if near and rng.random() < 0.8 else rng.choice(categories[:-1] or categories)
            score = rng.randrange(1, 6) / 5 if kind == "grid" else rng.choice([rng.random(), round(rng.random(), 2)])
            size = box(rng, kind, near and near["bbox"])
            results.append({"image_id": image, "category_id": category, "bbox": size, "score": score})
    rng.shuffle(annotations)
    rng.shuffle(results)
    if kind == "zero" and annotations:
        annotations[0]["id"] = 0
    if not results:
        # pycocotools does not take an empty list.
        size = box(rng, kind)
        results.append({"image_id": images[0], "category_id": categories[0], "bbox": size, "score": 0.5})
    truth = {
        "images": [{"id": image} for image in images],
        "categories": [{"id": category, "name": f"class {category}"} for category in categories],
        "annotations": annotations,
    }
    return f"{seed} {kind}", truth, results


def statistics(truth, results):
    """What pycocotools computes."""
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO()
        annotated.dataset = json.loads(json.dumps(truth))
        annotated.createIndex()
        evaluation = COCOeval(annotated, annotated.loadRes(json.loads(json.dumps(results))), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=35)
    parser.add_argument("--output", default=pathlib.Path(__file__).with_name("pycocotools-scores.json"))
    arguments = parser.parse_args()
    cases = []
    for seed in range(arguments.count):
        name, truth, results = case(seed)
        text = {"ground_truth": json.dumps(truth), "results": json.dumps(results)}
        cases.append({"name": name, **text, "statistics": statistics(truth, results)})
    versions = {name: metadata.version(name) for name in ["pycocotools", "numpy"]}
    versions["python"] = platform.python_version()
    with open(arguments.output, "w") as file:
        file.write(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
