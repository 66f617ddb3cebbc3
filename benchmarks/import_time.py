"""P9: processor time of importing a loss, a rule or a network of this package over that of torch alone.

python -m benchmarks.import_time [--rounds 5]
"""

import argparse
import os
import statistics
import subprocess
import sys

from benchmarks import written

NAMES = ("IntraClassVarianceLoss", "LearnedCentroids", "ConvNet", "variance")


def cost(statement: str) -> float:
    """Return the processor seconds of a fresh interpreter that runs `statement`."""
    before = os.times()
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    found: dict[str, list[float]] = {}
    for _ in range(rounds):  # in turns, so that a busy machine slows both alike
        found.setdefault("torch", []).append(cost("import torch"))
        for name in NAMES:
            found.setdefault(name, []).append(cost(f"from icv_lightning import {name}"))
    torch = statistics.median(found["torch"])
    rows = [
        (f"P9 import {name} over torch", statistics.median(found[name]) / torch, "<= 1.2") for name in NAMES
    ]
    written.out("import_time", rows, seconds=found)


if __name__ == "__main__":
    main()
