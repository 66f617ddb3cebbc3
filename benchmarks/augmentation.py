"""Crop and flip: ours on whole batches, over torchvision's transforms in a loader, in turns.

    python -m benchmarks.augmentation [--rounds 3] [--images 20000]

Ours: shuffled uint8 batches of 256 made-up images of 3 x 32 x 32 from memory, then `data/augment=crop_flip`
in this process, with 2 threads. Torchvision's: RandomCrop with padding 4 and RandomHorizontalFlip of
`torchvision.transforms.v2` on each image, in a `DataLoader` of 2 workers. Standardising is in neither.
"""

import argparse
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=20_000)
    given = parser.parse_args()
    torch.set_num_threads(WORKERS)
    images = torch.randint(0, 256, (given.images, 3, SIZE, SIZE), dtype=torch.uint8)
    theirs = DataLoader(Theirs(images), BATCH, shuffle=True, num_workers=WORKERS)
    rates: dict[str, list[float]] = {"ours": [], "torchvision": []}
    for number in range(given.rounds):
        for name in list(rates)[:: 1 if number % 2 == 0 else -1]:
            started = time.perf_counter()
            seen = ours(images) if name == "ours" else sum(len(batch) for batch, _ in theirs)
            rates[name].append(seen / (time.perf_counter() - started))
            print(f"round {number + 1}  {name:12} {rates[name][-1]:9.0f} images/s", flush=True)
    ratio = statistics.median(rates["ours"]) / statistics.median(rates["torchvision"])
    written.out("augmentation", [("crop and flip over torchvision's", ratio, ">= 5")], rates=rates)


if __name__ == "__main__":
    main()
