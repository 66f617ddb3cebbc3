"""What a report costs: 32 runs of the paper's size are made up in a temporary folder, then reported on.

    python -m benchmarks.report_time            # 32 runs of 20 epochs, 10,000 + 10,000 embeddings an epoch
    python -m benchmarks.report_time --seeds 5  # 160 runs

Processor seconds (user and system) are what other work on the machine disturbs least; wall time and the
largest memory stand beside. The reference of the same run is reading every snapshot once.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.report.grid import PAPER_CELLS, write_whole_grid

PARTS = 10_000  # embeddings of train, and of test, in a snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--cells", type=int, default=len(PAPER_CELLS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cells = PAPER_CELLS[: given.cells]
        grid = write_whole_grid(Path(folder) / "grid", given.seeds, given.epochs, PARTS, PARTS, cells)
        print(
            f"{len(cells) * given.seeds} runs, {sum(f.stat().st_size for f in grid.rglob('*')) / 1e6:.0f} MB"
        )
        started = time.process_time()
        for path in grid.glob("*/embeddings/*.npz"):
            with np.load(path) as arrays:
                sum(arrays[key].size for key in arrays)
        print(f"reading every snapshot: {time.process_time() - started:.1f} s of processor")
        started = time.perf_counter()
        command = [sys.executable, "-m", "icv_lightning.report", str(grid)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"report: {used.ru_utime:.1f} s user + {used.ru_stime:.1f} s system, "
            f"{time.perf_counter() - started:.0f} s wall, {used.ru_maxrss / 1024:.0f} MiB at most"
        )
        pages = ", ".join(
            f"{p.name} {p.stat().st_size / 1e6:.1f} MB" for p in sorted((grid / "report").glob("*.html"))
        )
        print(pages)


if __name__ == "__main__":
    main()
