"""Crop and flip: ours on whole batches, over torchvision's transforms in a loader, in turns.

    python -m benchmarks.augmentation [--rounds 3] [--images 20000]

Ours: shuffled uint8 batches of 256 made-up images of 3 x 32 x 32 from memory, then `data/augment=crop_flip`
in this process, with one thread. Torchvision's: RandomCrop with padding 4 and RandomHorizontalFlip of
`torchvision.transforms.v2` on each image, in a `DataLoader` of 2 workers. Standardising is in neither.
Processor time, of workers too, stands beside: on a busy machine it is what can be compared.
"""

import argparse
import os
import statistics
import time

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from benchmarks import written
from icv_lightning.data.augmentation import CropFlip
from icv_lightning.data.images import BatchShares, InMemoryImages, ShuffledEachEpoch

BATCH, SIZE, WORKERS = 256, 32, 2


class Theirs(Dataset[tuple[torch.Tensor, int]]):
    """Images one at a time, each through a transform."""

    def __init__(self, images: torch.Tensor) -> None:
        self.images = images
        self.transform = v2.Compose([v2.RandomCrop(SIZE, padding=4), v2.RandomHorizontalFlip()])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, position: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[position]), 0


def ours(images: torch.Tensor) -> int:
    """Go through an epoch; give the images seen."""
    part = InMemoryImages(images, torch.zeros(len(images), dtype=torch.int64), augment=CropFlip(4))
    loader = DataLoader(
        part, batch_sampler=BatchShares(ShuffledEachEpoch(part, 0), BATCH), collate_fn=lambda batch: batch
    )
    return sum(len(part.augment(batch, draws)) for batch, _, draws in loader)


def processor_seconds() -> float:
    """Return the processor time of this process and of the workers that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=20_000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    images = torch.randint(0, 256, (given.images, 3, SIZE, SIZE), dtype=torch.uint8)
    theirs = DataLoader(Theirs(images), BATCH, shuffle=True, num_workers=WORKERS)
    rates: dict[str, list[float]] = {"ours": [], "torchvision": []}
    used: dict[str, list[float]] = {"ours": [], "torchvision": []}
    for number in range(given.rounds):
        for name in list(rates)[:: 1 if number % 2 == 0 else -1]:
            started, before = time.perf_counter(), processor_seconds()
            seen = ours(images) if name == "ours" else sum(len(batch) for batch, _ in theirs)
            rates[name].append(seen / (time.perf_counter() - started))
            used[name].append((processor_seconds() - before) / seen * 1e6)
            print(
                f"round {number + 1}  {name:12} {rates[name][-1]:9.0f} images/s, "
                f"{used[name][-1]:6.1f} µs of a processor an image", flush=True,
            )  # fmt: skip
    ratio = statistics.median(rates["ours"]) / statistics.median(rates["torchvision"])
    cost = statistics.median(used["torchvision"]) / statistics.median(used["ours"])
    rows = [
        ("crop and flip, images/s over torchvision's", ratio, ">= 5"),
        ("crop and flip, torchvision's processor time over ours", cost, ">= 5"),
    ]
    written.out("augmentation", rows, rates=rates, microseconds=used)


if __name__ == "__main__":
    main()
