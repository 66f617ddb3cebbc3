"""What logging costs: one run with the loggers of each choice, in turns, each against `none` of its round.

    python benchmarks/logging_cost.py --rounds 3 data=mnist trainer.max_epochs=1

Every run is a process of its own. Medians over rounds, as a ratio and as seconds more: of wall time, what a
user waits for, and of processor time, which other work on the machine disturbs less. Imports and data are in
both. Most of the cost is paid once a run, however long it is: divide the seconds by those of your own run.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SHOWN = ("~callbacks.gallery", "~callbacks.throughput")
CHOICES = {
    "none": ("logger=csv", "~logger.csv", *SHOWN),
    "csv": ("logger=csv",),
    "wandb": ("logger=wandb",),
    "tensorboard": ("logger=tensorboard",),
    "many": ("logger=many",),
}


def seconds(overrides: list[str]) -> tuple[float, float]:
    """Return wall and processor seconds of a run, of the processes that it started too."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "icv_lightning.run", f"paths.outputs={folder}", *overrides]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--choices", nargs="+", choices=CHOICES, default=list(CHOICES))
    given, overrides = parser.parse_known_args()
    choices = ["none", *(c for c in given.choices if c != "none")]
    costs: dict[str, list[tuple[float, ...]]] = {choice: [] for choice in choices}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, n = {given.rounds}: {' '.join(overrides)}")
    for number in range(given.rounds):
        turn = choices if number % 2 == 0 else choices[::-1]
        found = {c: seconds([*overrides, *CHOICES[c], "~callbacks.progress"]) for c in turn}
        plain_wall, plain_cpu = found["none"]
        for choice, (wall, cpu) in found.items():
            costs[choice].append((wall / plain_wall, wall - plain_wall, cpu / plain_cpu, cpu - plain_cpu))
            print(f"round {number + 1}  {choice:12} {wall:8.1f} s wall {cpu:8.1f} s processor", flush=True)
    for choice, rounds in costs.items():
        wall, more_wall, cpu, more_cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"{choice:12} over none: wall {wall:.3f} ({more_wall:+.1f} s), ", end="")
        print(f"processor {cpu:.3f} ({more_cpu:+.1f} s)")


if __name__ == "__main__":
    main()
