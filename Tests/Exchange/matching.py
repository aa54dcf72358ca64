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


def missing(ours, theirs, threshold, is_full):
    """Detections of the first list without a partner in the second, how many have one, and the worst of the partners."""
    floor = threshold + TOLERANCE
    if is_full:
        floor = max(floor, min(score for _, score, _ in theirs) + TOLERANCE)
    lost, matched, worst_overlap, worst_score = [], 0, 1.0, 0.0
    for label, score, box in ours:
        partners = [
            (overlap(box, other), abs(score - its)) for name, its, other in theirs if name == label and abs(score - its) <= TOLERANCE
        ]
        best = max(partners, default=(0.0, 1.0))
        if best[0] > 0.99:
            matched += 1
            worst_overlap, worst_score = min(worst_overlap, best[0]), max(worst_score, best[1])
        elif score > floor:
            lost.append((label, score, list(box)))
    return lost, matched, worst_overlap, worst_score
