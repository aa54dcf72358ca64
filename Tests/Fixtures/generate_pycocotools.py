#!/usr/bin/env python3
"""Writes pycocotools-scores.json: the twelve numbers that pycocotools computes for random cases.

    python3 -m venv venv && venv/bin/pip install pycocotools
    venv/bin/python Tests/Fixtures/generate_pycocotools.py

The cases themselves are not in the file: case n is made from the random numbers of seed n, by the functions below and by
`PycocotoolsCase` of the tests, character for character; a digest of the text tells whether they agree. Every case is one of
the kinds below, by turns. All have images in random order with ids that have gaps, images without objects, without
detections and without either, and categories without objects, without detections and without either.

    plain      boxes with two decimals, some with six
    grid       whole numbers, few scores: equal IoUs, equal scores, IoUs exactly at a threshold
    crowds     a third of the objects are crowds; some have `ignore`, which pycocotools does not look at
    sizes      areas at and next to 32*32 and 96*96 and unlike those of the boxes
    many       more than a hundred detections of a class in an image
    same       detections that repeat the objects' boxes, also twice
    zero       an annotation with the id 0
    thousands  up to 180 objects and 900 detections in an image

Other cases for the same test: --first 1000 --count 500 --output more.json, and its path in the environment variable
MULTIBOX_PYCOCOTOOLS_SCORES.
"""
import argparse
import contextlib
import io
import json
import pathlib
import platform
from importlib import metadata

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

KINDS = ["plain", "grid", "crowds", "sizes", "many", "same", "zero", "thousands"]
PIXEL = 10**6  # lengths are whole numbers of millionths
MASK = 2**64 - 1


class Numbers:
    """SplitMix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        bits = ((self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
        return bits ^ (bits >> 31)

    def below(self, bound):
        return self.next() % bound

    def pick(self, values):
        return values[self.below(len(values))]

    def shuffled(self, values, count=None):
        """The first `count` values of a random order."""
        values = list(values)
        count = len(values) if count is None else count
        for index in range(count):
            other = index + self.below(len(values) - index)
            values[index], values[other] = values[other], values[index]
        return values[:count]


def box(numbers, kind, near=None):
    """A box [x, y, width, height], perhaps close to another one; never negative."""
    if near is not None:
        if kind == "same" and numbers.below(10) < 7:
            return near
        if kind == "grid":
            shifts = [numbers.pick([1, 1, 1, 2, 3, 0]) for _ in range(4)]
            return [max(value + (shift - 1) * PIXEL, PIXEL) for value, shift in zip(near, shifts)]
        spread = numbers.pick([20, 80, 200])  # thousandths of the sides
        result = []
        for start, side in zip(near[:2], near[2:]):
            result.append(start + side * numbers.below(2 * spread + 1) // 1000 - side * spread // 1000)
        for side in near[2:]:
            result.append(side * (1000 - spread + numbers.below(2 * spread + 1)) // 1000)
        return result if numbers.below(10) == 0 else [value // 10**4 * 10**4 for value in result]
    if kind == "grid":
        return [(bound // 20 + numbers.below(bound)) * PIXEL for bound in [40, 40, 20, 20]]
    side = 4 << numbers.below(7)
    start = [100 * PIXEL + numbers.below(bound) * 10**4 for bound in [30000, 20000]]
    return start + [side * (60 + numbers.below(101)) * 10**4 for _ in range(2)]


def decimal(value, decimals):
    """A whole number of units of the last decimal as text."""
    return f"{value // 10**decimals}.{value % 10**decimals:0{decimals}d}"


def area(numbers, kind, size):
    whole = size[2] * size[3]
    if kind == "sizes":
        limits = ["1024", "1024.0", "1023.9999", "1024.0001", "9216", "9215.5", "9216.5", "0", "500000"]
        index = numbers.below(len(limits) + 1)
        return limits[index] if index < len(limits) else decimal(whole, 12)
    return decimal(whole if numbers.below(2) == 0 else whole // 1000 * (500 + numbers.below(501)), 12)


def reference(image, category, size):
    """The keys that annotations and results share."""
    return f'"image_id": {image}, "category_id": {category}, "bbox": [{", ".join(decimal(value, 6) for value in size)}]'


def case(seed):
    """The text of the ground truth and of the results."""
    numbers = Numbers(seed)
    kind = KINDS[seed % len(KINDS)]
    times = 30 if kind == "thousands" else 1
    images = numbers.shuffled(range(1, 100), 1 + numbers.below(6))
    categories = numbers.shuffled(range(1, 30), 1 + numbers.below(4))
    identifiers = iter(numbers.shuffled(range(1, 2000), 1200))
    annotations, results = [], []
    for image in images:
        objects = []
        for _ in range(numbers.pick([0, 0, 1, 2, 4, 6]) * times):
            size = box(numbers, kind)
            category = numbers.pick(categories[1:] or categories)
            crowd = 1 if numbers.below(100) < (33 if kind == "crowds" else 5) else 0
            text = f'{reference(image, category, size)}, "iscrowd": {crowd}, "area": {area(numbers, kind, size)}'
            if kind == "crowds" and numbers.below(5) == 0:
                text += ', "ignore": 1'
            identifier = 0 if kind == "zero" and not annotations else next(identifiers)
            annotations.append(f'{{{text}, "id": {identifier}}}')
            objects.append((category, size))
        count = 130 if kind == "many" and image == images[0] else numbers.pick([0, 1, 3, 6, 9]) * (100 if times > 1 else 1)
        for _ in range(count):
            near = numbers.pick(objects) if objects and numbers.below(4) > 0 else None
            category = near[0] if near and numbers.below(5) > 0 else numbers.pick(categories[:-1] or categories)
            if kind == "grid":
                score = decimal(2 * (1 + numbers.below(5)), 1)
            else:
                score = decimal(numbers.below(10**15), 15) if numbers.below(2) == 0 else decimal(numbers.below(100), 2)
            size = box(numbers, kind, near[1] if near else None)
            results.append(f'{{{reference(image, category, size)}, "score": {score}}}')
    annotations, results = numbers.shuffled(annotations), numbers.shuffled(results)
    if not results:
        # pycocotools does not take an empty list.
        results.append(f'{{{reference(images[0], categories[0], box(numbers, kind))}, "score": 0.5}}')
    lists = {
        "images": [f'{{"id": {image}}}' for image in images],
        "categories": [f'{{"id": {category}, "name": "class {category}"}}' for category in categories],
        "annotations": annotations,
    }
    truth = ", ".join(f'"{key}": [{", ".join(records)}]' for key, records in lists.items())
    return f"{{{truth}}}", f'[{", ".join(results)}]'


def digest(text):
    """FNV-1a with 64 bits."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return f"{value:016x}"


def statistics(truth, results):
    """What pycocotools computes."""
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO()
        annotated.dataset = json.loads(truth)
        annotated.createIndex()
        evaluation = COCOeval(annotated, annotated.loadRes(json.loads(results)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="seed of the first case")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--output", default=pathlib.Path(__file__).with_name("pycocotools-scores.json"))
    arguments = parser.parse_args()
    cases = []
    for seed in range(arguments.first, arguments.first + arguments.count):
        truth, results = case(seed)
        cases.append({"seed": seed, "digest": digest(truth + results), "statistics": statistics(truth, results)})
    versions = {name: metadata.version(name) for name in ["pycocotools", "numpy"]}
    versions["python"] = platform.python_version()
    lines = ",\n".join(json.dumps(one) for one in cases)
    with open(arguments.output, "w") as file:
        file.write(f'{{"versions": {json.dumps(versions)}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
