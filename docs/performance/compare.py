#!/usr/bin/env python3
"""Times Multibox and PyTorch side by side on this machine and prints a Markdown table.

The programs take turns, each in a process of its own: Multibox, PyTorch, Multibox, PyTorch, ... so that whatever else slows
the machine down meets all of them. PyTorch runs in every layout of tensors that is asked for; its better one is the one that
was faster here.

PyTorch and torchvision are found in the Python of --python:

    python3 -m venv peers && peers/bin/pip install torch torchvision
    swift build -c release
    docs/performance/compare.py step --threads 2 --batch 8 --python peers/bin/python

`inference --runtime` adds onnxruntime and OpenVINO, which compute the network alone:

    peers/bin/pip install onnx onnxruntime openvino
    docs/performance/compare.py inference --runtime onnxruntime openvino --batch 1 --python peers/bin/python

`loader` compares the preparation of training images, for a data set in the layout of Pascal VOC:

    docs/performance/compare.py loader --config configs/ssd300-vgg16-voc.yaml --root VOC2007 --threads 1 --python peers/bin/python
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PEER = pathlib.Path(__file__).resolve().with_name("torch_peer.py")
RUNTIME_PEER = PEER.with_name("runtime_peer.py")
RUNTIMES = {"onnxruntime": "onnxruntime", "openvino": "OpenVINO"}
MOBILENET_PEER = PEER.with_name("torch_mobilenets.py")
VGG = "ssd300-vgg16"
MOBILENETS = ["ssd300-mobilenet-v1", "ssd300-mobilenet-v2-lite", "ssd320-mobilenet-v2-lite", "ssdlite320-mobilenet-v3-large"]

# What keeps each program to AVX2 on a processor that has more.
AVX2 = {
    "Multibox": {"MULTIBOX_ISA": "avx2", "OPENBLAS_CORETYPE": "Haswell"},
    "PyTorch": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
}


class Failure(Exception):
    """Something that the user has to mend."""


class Contestant:
    """A program with its options, and what it has measured so far."""

    def __init__(self, program, precision, layout, command, environment):
        self.program, self.precision, self.layout = program, precision, layout
        self.command, self.environment = command, environment
        self.rounds = []  # seconds of the counted iterations of each round
        self.reports = []

    @property
    def name(self):
        return " ".join(part for part in (self.program, self.precision, self.layout) if part)

    @property
    def seconds(self):
        return [seconds for one in self.rounds for seconds in one]

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def images(self):
        """Images of an iteration, or of a loader's pass."""
        report = self.reports[0]
        return report["images"] if "images" in report else report["batch"]

    @property
    def images_per_second(self):
        return self.images / self.median

    @property
    def peak_memory_bytes(self):
        return max(report["peak_memory_bytes"] for report in self.reports)

    def run(self):
        print(f"{self.name} ...", end="", file=sys.stderr, flush=True)
        outcome = subprocess.run(
            self.command, env={**os.environ, **self.environment}, stdout=subprocess.PIPE, text=True, check=False
        )
        if outcome.returncode != 0:
            print(file=sys.stderr)
            raise Failure(f"{' '.join(self.command)} ended with {outcome.returncode}")
        report = json.loads(outcome.stdout)
        seconds = report["seconds"]
        self.rounds.append(seconds if isinstance(seconds, list) else [seconds])
        self.reports.append(report)
        print(f" {statistics.median(self.rounds[-1]):.3f} s", file=sys.stderr)

    def advantage(self, other):
        """How many times faster than `other`, for each round: ratios of the median time of an image."""
        work = self.images / other.images
        pairs = zip(self.rounds, other.rounds)
        return [work * statistics.median(theirs) / statistics.median(ours) for ours, theirs in pairs]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["step", "inference", "loader"], help="what is timed")
    parser.add_argument("--multibox", default=str(REPOSITORY / ".build/release/multibox"), help="the program")
    parser.add_argument("--python", default=sys.executable, help="a Python that has torch and torchvision")
    parser.add_argument("--model", default=VGG, choices=[VGG, "ssd512-vgg16", *MOBILENETS])
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch", type=int, default=8, help="images of an iteration")
    parser.add_argument("--micro-batch", type=int, help="Multibox's images of a forward pass; its default otherwise")
    parser.add_argument(
        "--precision", nargs="+", choices=["float32", "bfloat16"], default=["float32"],
        help="PyTorch's arithmetic",
    )
    parser.add_argument(
        "--multibox-precision", nargs="+", choices=["float32", "bfloat16"], default=["float32"],
        help="what Multibox's convolutions multiply; bfloat16 needs AVX512-BF16",
    )
    parser.add_argument(
        "--layout", nargs="+", choices=["contiguous", "channels_last"], default=["contiguous", "channels_last"],
        help="PyTorch's order of tensors in memory",
    )
    parser.add_argument(
        "--runtime", nargs="+", choices=RUNTIMES, default=[],
        help="inference: what else computes the network, without decoding; bfloat16 is OpenVINO's alone",
    )
    parser.add_argument("--instruction-set", choices=["avx2"], help="keeps both programs to AVX2")
    parser.add_argument("--iterations", type=int, default=3, help="counted iterations of a round, after one that is not")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--config", help="loader: Multibox's configuration")
    parser.add_argument("--root", help="loader: the data set, in the layout of Pascal VOC")
    parser.add_argument("--split", default="trainval", help="loader: which images")
    parser.add_argument("--images", type=int, default=512, help="loader: how many images are counted")
    parser.add_argument("--json", metavar="FILE", help="writes all measurements to a file")
    options = parser.parse_args()
    if min(options.threads, options.batch, options.iterations, options.rounds, options.images) < 1:
        parser.error("--threads, --batch, --iterations, --rounds and --images must be positive")
    if options.runtime and (options.task != "inference" or options.model != VGG or options.instruction_set):
        parser.error(f"--runtime goes with inference of {VGG} and all instructions")
    if options.task == "loader" and not (options.config and options.root):
        parser.error("loader needs --config and --root")
    return options


def check(options):
    if not os.access(options.multibox, os.X_OK):
        raise Failure(f"there is no program {options.multibox}; build it with swift build -c release, or name it by --multibox")
    try:
        probe = subprocess.run(
            [options.python, "-c", "import torch, torchvision"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, check=False,
        )
        reason = probe.stderr.strip().splitlines()[-1:] if probe.returncode != 0 else None
    except OSError as error:
        reason = [str(error)]
    if reason is not None:
        raise Failure(
            f"{options.python} has no working torch and torchvision ({' '.join(reason)}); make an environment that has them:\n"
            "  python3 -m venv peers && peers/bin/pip install torch torchvision\n"
            "and give it by --python peers/bin/python"
        )


def contestants(options):
    restriction = AVX2 if options.instruction_set else {"Multibox": {}, "PyTorch": {}}
    multibox = [options.multibox, "benchmark", options.task, "--threads", str(options.threads), "--json"]
    is_mobilenet = options.model in MOBILENETS and options.task != "loader"
    peer = [options.python, str(MOBILENET_PEER if is_mobilenet else PEER), options.task, "--threads", str(options.threads)]
    if options.task == "loader":
        multibox += [options.config, "--images", str(options.images)]
        multibox += ["--set", f"data.root={json.dumps(options.root)}", "--set", f"data.train_split={json.dumps(options.split)}"]
        multibox += ["--set", "data.augmentation=ssd"]
        peer += ["--root", options.root, "--split", options.split, "--images", str(options.images)]
        variants = [("", "")]
    else:
        sizes = ["--batch", str(options.batch), "--iterations", str(options.iterations)]
        multibox += ["--model", options.model]
        peer += ["--network" if is_mobilenet else "--model", options.model]
        multibox += sizes + (["--micro-batch", str(options.micro_batch)] if options.micro_batch else [])
        peer += sizes
        variants = [(precision, layout) for precision in options.precision for layout in options.layout]
    all_of_them = []
    for precision in [""] if options.task == "loader" else options.multibox_precision:
        flags = ["--precision", precision] if precision else []
        all_of_them.append(Contestant("Multibox", precision, "", multibox + flags, restriction["Multibox"]))
    for precision, layout in variants:
        flags = ["--precision", precision, "--layout", layout] if precision else []
        environment = {"OMP_NUM_THREADS": str(options.threads), **restriction["PyTorch"]}
        all_of_them.append(Contestant("PyTorch", precision, layout, peer + flags, environment))
    for runtime in options.runtime:
        for precision in options.precision:
            if precision == "float32" or runtime == "openvino":
                command = [options.python, str(RUNTIME_PEER), runtime, "--threads", str(options.threads), *sizes]
                all_of_them.append(
                    Contestant(RUNTIMES[runtime], precision, "", command + ["--precision", precision], {}))
    return all_of_them


def check_restriction(contestant):
    """Makes sure that a program did what its environment asks for."""
    report = contestant.reports[-1]
    used = report.get("instruction_set")
    if used is not None and used.lower() != "avx2":
        raise Failure(f"{contestant.name} was to be kept to AVX2 and used {used}")


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def ours(everyone):
    return [one for one in everyone if one.program == "Multibox"]


def peers(everyone):
    return [one for one in everyone if one.program != "Multibox"]


def best_peers(everyone):
    """PyTorch's faster layout of every precision."""
    best = {}
    for one in peers(everyone):
        if one.program == "PyTorch" and (one.precision not in best or one.median < best[one.precision].median):
            best[one.precision] = one
    return best


def runtimes(everyone):
    """Names and versions of other programs."""
    versions = {RUNTIMES[name]: one.reports[0][name] for one in everyone for name in RUNTIMES if name in one.reports[0]}
    return "".join(f", {name} {version}" for name, version in versions.items())


def table(options, everyone):
    best = best_peers(everyone)
    torch = peers(everyone)[0].reports[0]
    sizes = f"{options.images} images" if options.task == "loader" else f"batch {options.batch}"
    restricted = ", kept to AVX2" if options.instruction_set else ""
    title = (
        f"{options.task}{'' if options.task == 'loader' else f' of {options.model}'}, {sizes}, {options.threads} thread{'s' if options.threads > 1 else ''}{restricted}, {processor()}, "
        f"PyTorch {torch['torch']}, torchvision {torch['torchvision']}{runtimes(everyone)}; medians of {len(everyone[0].seconds)}"
    )
    # With one precision there is no doubt which Multibox is meant.
    names = [one.name if len(ours(everyone)) > 1 else "Multibox" for one in ours(everyone)]
    header = ["", "seconds", "fastest", "images/s", "peak memory"] + [f"{name} is … times as fast" for name in names]
    lines = [title, "", f"| {' | '.join(header)} |".replace("|  |", "| |"), "|---" * len(header) + "|"]
    for one in everyone:
        name = one.name
        if one.layout and len(options.layout) > 1 and best[one.precision] is one:
            name += " (its better layout)"
        memory = one.peak_memory_bytes / 1e9
        row = f"| {name} | {one.median:.3f} | {min(one.seconds):.3f} | {one.images_per_second:.3f} | {memory:.2f} GB |"
        for our in ours(everyone):
            ratios = [] if our is one else our.advantage(one)
            row += f" {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |" if ratios else " |"
        lines.append(row)
    return "\n".join(lines)


def summary(options, everyone):
    best = best_peers(everyone)
    torch = peers(everyone)[0].reports[0]
    results = []
    for one in everyone:
        result = {
            "program": one.program, "precision": one.precision, "layout": one.layout, "command": one.command,
            "environment": one.environment, "rounds": one.rounds, "seconds": one.median,
            "images_per_second": one.images_per_second, "peak_memory_bytes": one.peak_memory_bytes,
        }
        if one in peers(everyone):
            advantages = {our.precision: our.advantage(one) for our in ours(everyone)}
            result["multibox_is_times_as_fast"] = {
                precision: {"median": statistics.median(ratios), "rounds": ratios} for precision, ratios in advantages.items()
            }
            result["is_better_layout"] = best[one.precision] is one
        results.append(result)
    facts = {
        "task": options.task, "model": options.model, "threads": options.threads, "instruction_set": options.instruction_set, "processor": processor(),
        "torch": torch["torch"], "torchvision": torch["torchvision"],
    }
    return {**facts, "results": results}


def main():
    options = parse()
    try:
        check(options)
        everyone = contestants(options)
        for _ in range(options.rounds):
            for one in everyone:
                one.run()
                if options.instruction_set:
                    check_restriction(one)
    except Failure as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 1
    print(table(options, everyone))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(summary(options, everyone), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
