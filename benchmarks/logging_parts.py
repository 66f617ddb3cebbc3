"""What each thing that trackers are told costs, in processor seconds; no training, so a busy machine will do.

    python benchmarks/logging_parts.py --rounds 3

Sizes are those of a paper's cell on MNIST: 10,000 points in a picture, 2,000 images of 28 x 28 in the sample,
35 scalars an epoch. The first round has imports in it. `logging_cost.py` compares whole runs.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from icv_lightning.callbacks import figures
from icv_lightning.loggers import MetricsCSV, Sample, TensorBoardTracker, Tracker, WandbTracker

POINTS, SHOWN, CLASSES = 10_000, 2_000, 10
NAMES = [str(k) for k in range(CLASSES)]
SETTINGS = {"name": "p", "cell": "mnist-12345678", "data": {"name": "mnist"}, "loss": {"lambda": 0.5}}


def timed(what: str, call: Callable[..., Any], *arguments: Any) -> Any:
    started = time.process_time()
    result = call(*arguments)
    print(f"  {what:34} {time.process_time() - started:6.2f}", flush=True)
    return result


def told(make: Callable[[str], Tracker], picture: Any, sample: Sample) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tracker = make(f"{folder}/cell")
        scalars = {f"train/{i}": 0.5 for i in range(35)}
        timed(f"{tracker.kind} start", tracker.start, SETTINGS, False)
        timed(f"{tracker.kind} an epoch's scalars", tracker.log_metrics, {"epoch": 0, **scalars}, 1)
        timed(f"{tracker.kind} a picture", tracker.log_image, "test/embeddings", picture, 1)
        timed(f"{tracker.kind} the sample", tracker.log_sample, "test/sample", sample, 1)
        timed(f"{tracker.kind} finish", tracker.finish, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    generator = torch.Generator().manual_seed(0)
    embeddings, centroids = (torch.randn(n, 2, generator=generator) for n in (POINTS, CLASSES))
    target = torch.randint(CLASSES, (POINTS,), generator=generator)
    images = torch.randint(256, (SHOWN, 1, 28, 28), generator=generator).to(torch.uint8)
    z, y = embeddings[:SHOWN], target[:SHOWN]
    sample = Sample(torch.arange(SHOWN), images, z, y, y, torch.cdist(z, centroids), NAMES)
    confusion = np.full((CLASSES, CLASSES), 7)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, processor seconds")
    for number in range(rounds):
        print(f"round {number + 1}")
        points = (embeddings.numpy(), target.numpy(), centroids.numpy(), NAMES, "t")
        picture = timed("drawing embeddings", figures.embedding_scatter, *points)
        timed("drawing confusion", figures.confusion_matrix, confusion, NAMES, "t")
        for make in (MetricsCSV, lambda folder: WandbTracker(folder, project="p"), TensorBoardTracker):
            told(make, picture, sample)
    import wandb

    wandb.teardown()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"W&B's own process, all rounds {used.ru_utime + used.ru_stime:11.2f}")


if __name__ == "__main__":
    main()
