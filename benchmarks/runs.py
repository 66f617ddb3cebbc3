"""P6 and P8: resident memory of a run on MNIST, and evaluation after an epoch over the epoch's training.

    python -m benchmarks.runs [key=value …]

One run of two epochs in a process of its own, as the command runs it, with a callback that keeps time; the
second epoch counts. Evaluation is everything from the end of training to the end of the epoch: the fixed part
of train, the test part, all metrics, the embedding snapshot, the checkpoint.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lightning as L

from benchmarks import written


class Stopwatch(L.Callback):
    """Write the seconds of training and of evaluation by epoch into the run's folder."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float, float]] = []

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.started = time.perf_counter()
        if self.marks:
            self.marks[-1] = (*self.marks[-1][:2], self.started)

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.marks.append((self.started, time.perf_counter(), 0.0))

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.marks[-1] = (*self.marks[-1][:2], time.perf_counter())
        seconds = [{"training": b - a, "evaluation": c - b} for a, b, c in self.marks]
        Path(trainer.default_root_dir, "stopwatch.json").write_text(json.dumps(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = [
            "data=mnist",
            "trainer.max_epochs=2",
            "callbacks.gallery.epochs=[]",
            f"paths.outputs={folder}",
        ]
        spy = "+callbacks.stopwatch={_target_: benchmarks.runs.Stopwatch}"
        command = [sys.executable, "-m", "icv_lightning.run", *settings, spy, *given.overrides]
        command.append(f"paths.outputs={folder}")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (path,) = Path(folder).glob("*/*/stopwatch.json")
        epochs = json.loads(path.read_text())
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    ratio = epochs[-1]["evaluation"] / epochs[-1]["training"]
    rows = [
        ("P6 resident memory, GiB", memory, "<= 1.58 (1.7 GB)"),
        ("P8 evaluation over training", ratio, "<= 0.15"),
    ]
    written.out("runs", rows, epochs=epochs, overrides=given.overrides)


if __name__ == "__main__":
    main()
