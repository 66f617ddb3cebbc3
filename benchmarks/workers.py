"""P7: a grid of equal cells on N workers over the same cells one by one, a thread each.

    python -m benchmarks.workers [--workers 2] [key=value …]

Twice as many cells as workers, of another seed each; start-up is in both, and paid once one by one but by
every worker side by side.
"""

import argparse
import subprocess
import sys
import tempfile
import time

from benchmarks import written
from icv_lightning import hardware

SMALL = (
    "data=mnist", "data.train_size=10000", "data.monitor_size=1000", "trainer.max_epochs=5", "trainer=fast",
)  # fmt: skip


def seconds(launcher: list[str], cells: int, overrides: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        seeds = ",".join(map(str, range(cells)))
        settings = [f"seed={seeds}", "threads=1", f"paths.outputs={folder}", *overrides]
        started = time.perf_counter()
        command = [sys.executable, "-m", "icv_lightning.run", "-m", *launcher, *settings]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workers", type=int, default=hardware.cores())
    parser.add_argument("overrides", nargs="*", default=SMALL)
    given = parser.parse_args()
    cells = 2 * given.workers
    alone = seconds([], cells, given.overrides)
    together = seconds(["hydra/launcher=joblib", f"workers={given.workers}"], cells, given.overrides)
    print(f"{cells} cells one by one {alone:.1f} s, {given.workers} side by side {together:.1f} s")
    goal = f">= {0.9 * given.workers:.1f}"
    rows = [(f"P7 {given.workers} workers over one", alone / together, goal)]
    written.out("workers", rows, alone=alone, together=together, overrides=given.overrides)


if __name__ == "__main__":
    main()
