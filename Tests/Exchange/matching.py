"""Compares lists of detections, (label, score, box), of two programs."""

import numpy

TOLERANCE = 1e-3


def overlap(one, other):
    left, top = numpy.maximum(one[:2], other[:2])
    right, bottom = numpy.minimum(one[2:], other[2:])
    shared = max(0, right - left) * max(0, bottom - top)
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    union = area(one) + area(other) - shared
    return shared / union if union > 0 else 1.0


class Comparison:
    """What was found in images by two programs."""

    def __init__(self, threshold, keep):
        self.threshold, self.keep = threshold, keep
        self.count, self.matched, self.lost, self.overlap, self.difference = 0, 0, [], 1.0, 0.0

    def add(self, one, other):
        """Takes the detections of an image, and looks for partners in both directions."""
        self.count += len(one)
        self._match(one, other)
        self._match(other, one)

    def _match(self, ours, theirs):
        floor = self.threshold + TOLERANCE
        if len(theirs) == self.keep:
            floor = max(floor, min(score for _, score, _ in theirs) + TOLERANCE)
        for label, score, box in ours:
            partners = [
                (overlap(box, other), abs(score - its)) for name, its, other in theirs if name == label and abs(score - its) <= TOLERANCE
            ]
            best = max(partners, default=(0.0, 1.0))
            if best[0] > 0.99:
                self.matched += 1
                self.overlap, self.difference = min(self.overlap, best[0]), max(self.difference, best[1])
            elif score > floor:
                self.lost.append((label, score, list(box)))

    @property
    def is_same(self):
        """Whether nothing lacks a partner, and nine in ten detections have one."""
        return not self.lost and self.matched >= max(1, 1.8 * self.count)

    def __str__(self):
        lost = "".join(f"\n   {each}" for each in self.lost[:5])
        return (
            f"{self.count} detections, {self.matched} of both with and {len(self.lost)} without a partner, IoU at least {self.overlap:.5f}, "
            f"scores within {self.difference:.1e}{lost}"
        )
