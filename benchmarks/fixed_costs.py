"""What every run costs beside its training, in processor seconds, which other work disturbs least.

python -m benchmarks.fixed_costs [--cells 1,32,256,1024] [--epochs 20]

--help over `import hydra`; from the command to the first cell of a grid; from the command to the first
training step; a cell of `experiment=smoke_grid` more in a process that has run one, and its parts; and the
floor of such a cell, its steps alone in a bare loop.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch.nn import functional

from benchmarks import written
from icv_lightning.data.digits import DigitsDataModule
from icv_lightning.nets import ConvNet, LinearScores

PROBE = "+callbacks.probe={_target_:benchmarks.fixed_costs.Stamps,file:%s}"
DIGITS = ("data=digits", "data.batch_size=64", "~callbacks.progress")
SMALL = (  # a cell of experiment=smoke_grid, written out so that earlier commits run the same
    "data=digits", "data.image_size=8", "data.batch_size=32", "model.net.widths=[16,32]",
    "model.net.hidden=128", "model.net.dropout=0.0", "optimizer.lr=0.003", "loss.lambda=0.5",
    "callbacks.gallery.epochs=[]", "~callbacks.progress",
)  # fmt: skip
FIRST = (
    "import os, resource, sys\n"
    "from icv_lightning.run import __main__ as run, launching\n"
    "def job(config):\n"
    "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "    print(used.ru_utime + used.ru_stime, flush=True)\n"
    "    os._exit(0)\n"
    "launching.job = job\n"
    "run.main()\n"
)


class Stamps(L.Callback):
    """Append the processor seconds of this process at each stage to a file."""

    def __init__(self, file: str) -> None:
        self.file, self.seen = Path(file), set[str]()

    def on_train_batch_start(self, *_: Any) -> None:
        self._stamp("first step")

    def on_fit_end(self, *_: Any) -> None:
        self._stamp("trained")

    def on_test_end(self, *_: Any) -> None:
        self._stamp("tested")

    def _stamp(self, stage: str) -> None:
        if stage not in self.seen:
            self.seen.add(stage)
            with self.file.open("a") as file:
                file.write(json.dumps([stage, time.process_time()]) + "\n")


def used(*command: str) -> tuple[float, str]:
    """Return the processor seconds of a Python process, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def grid_start(cells: int) -> float:
    """Return the processor seconds from the command to the first cell of a grid."""
    seeds = ",".join(map(str, range(cells)))
    with tempfile.TemporaryDirectory() as folder:
        _, said = used("-c", FIRST, "-m", *DIGITS, f"seed={seeds}", f"paths.outputs={folder}")
    return float(said.split()[-1])


def stages(epochs: int) -> dict[str, float]:
    """Return the processor seconds of the stages of two cells, the second in the process of the first."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stamps"
        options = (f"trainer.max_epochs={epochs}", f"paths.outputs={folder}", "seed=0,1", PROBE % file)
        total, _ = used("-m", "icv_lightning.run", "-m", *SMALL, *options)
        rows = [json.loads(line) for line in file.read_text().splitlines()]
    (_, first), (_, trained), (_, tested), (_, again), (_, trained_again), (_, tested_again) = rows
    return {
        "command to first step": first,
        "training": trained - first,
        "final test": tested - trained,
        "record, and the next cell to its first step": again - tested,
        "a cell more": tested_again - tested,
        "of it training": trained_again - again,
        "whole": total,
    }


def bare(epochs: int) -> float:
    """Return the processor seconds of a cell's training steps in a loop that does nothing else."""
    torch.set_num_threads(1)
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"  # as it is without Lightning
    data = DigitsDataModule("digits", 10, 1, 8)
    data.setup()
    images, target = data.train_part.images[data.train_part.index], data.train_part.target
    net = ConvNet(1, 8, 2, widths=(16, 32), hidden=128, dropout=0.0).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    head, centroids = LinearScores(2, 10), torch.nn.Parameter(torch.zeros(10, 2))
    optimizer = torch.optim.Adam([*net.parameters(), *head.parameters(), centroids], lr=0.003, fused=True)
    started = time.process_time()
    for _ in range(epochs):
        for index in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            embeddings, own = net(images[index]), target[index]
            spread = functional.mse_loss(embeddings, centroids[own], reduction="sum") / len(own)
            (functional.cross_entropy(head(embeddings), own) + 0.5 * spread).backward()
            optimizer.step()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--cells", type=lambda text: [int(n) for n in text.split(",")], default=[1, 32, 256, 1024]
    )
    parser.add_argument("--epochs", type=int, default=20)
    given = parser.parse_args()
    hydra = min(used("-c", "import hydra")[0] for _ in range(3))
    shown = min(used("-m", "icv_lightning.run", "--help")[0] for _ in range(3))
    rows = [("--help over import hydra", shown / hydra, "<= 3")]
    starts = {cells: grid_start(cells) for cells in given.cells}
    rows += [
        (f"to the first of {n} cells, processor seconds", s, "<= 10" if n == 1024 else "")
        for n, s in starts.items()
    ]
    if len(starts) > 1:
        few, many = min(starts), max(starts)
        each = 1000 * (starts[many] - starts[few]) / (many - few)
        rows.append(("before the first cell, ms for each", each, "<= 5"))
    found = stages(given.epochs)
    rows += [
        (f"{name}, processor seconds", s, "<= 4" if name == "a cell more" else "")
        for name, s in found.items()
    ]
    floor = min(bare(given.epochs) for _ in range(3))
    rows.append(("a cell's training steps in a bare loop, processor seconds", floor, ""))
    written.out("fixed_costs", rows, import_hydra=hydra, epochs=given.epochs)


if __name__ == "__main__":
    main()
