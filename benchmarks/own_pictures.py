"""P9: own pictures beside torchvision's `ImageFolder` with a `DataLoader` of 2 workers, and the second run.

    python -m benchmarks.own_pictures [--pictures FOLDER] [--rounds 3]

An epoch of shuffled batches of 256, standardised: ours from memory, ours decoded on demand by 2 workers (as
with pictures beyond `data.memory_gb`), and `ImageFolder` with `Resize`, `ToTensor` and `Normalize`, in turns.
Then the time from the files to the first standardised batch, without a cache and with the one that an
earlier run left. FOLDER holds a folder per class; by default 10,000 JPEGs of 64x64 are made.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from benchmarks import written
from icv_lightning.data import ImageFolderDataModule
from icv_lightning.nets import Standardize

CLASSES, BATCH, SIDE = 10, 256, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="a folder per class")
    parser.add_argument("--count", type=int, default=10_000, help="pictures to make where none are given")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = given.pictures or made(Path(place) / "pictures", given.count)
        measure(folder, Path(place) / "cache", given.rounds)


def measure(folder: Path, cache: Path, rounds: int) -> None:
    kept, lazy = (data_of(folder, **options) for options in ({}, {"memory_gb": 0.0, "num_workers": 2}))
    loaders: dict[str, Callable[[], Iterable[Any]]] = {
        "ours, in memory": kept.train_dataloader,
        "ours, on demand": lazy.train_dataloader,
        "ImageFolder": lambda: peer(folder),
    }
    layer = Standardize(3)
    layer.fit(*kept.pixel_statistics())
    seconds: dict[str, list[float]] = {name: [] for name in loaders}
    for number in range(rounds):
        for name in list(loaders)[:: 1 if number % 2 == 0 else -1]:
            started, images = time.perf_counter(), 0
            for batch, _ in loaders[name]():
                images += len(batch if name == "ImageFolder" else layer(batch))
            seconds[name].append((time.perf_counter() - started) / images)
            print(f"round {number + 1}  {name:16} {1 / seconds[name][-1]:8.0f} images/s", flush=True)
    for name in ("first run", "second run"):
        seconds[name] = []
    for number in range(rounds):
        for name in ("first run", "second run"):
            started = time.perf_counter()
            first_batch(folder, str(cache / str(number)))
            seconds[name].append(time.perf_counter() - started)
            print(f"round {number + 1}  {name:16} {seconds[name][-1]:8.3f} s to the first batch", flush=True)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    peers = median["ImageFolder"]
    rows = [
        ("P9 own pictures in memory over ImageFolder", peers / median["ours, in memory"], ">= 1"),
        ("P9 own pictures on demand over ImageFolder", peers / median["ours, on demand"], ">= 1"),
        ("P9 second run over the first, to a batch", median["first run"] / median["second run"], ">= 10"),
    ]
    written.out("own_pictures", rows, seconds=seconds, pictures=len(kept.train_part))


def data_of(folder: Path, **options: Any) -> ImageFolderDataModule:
    basic: dict[str, Any] = {"name": "own", "channels": 3, "image_size": SIDE, "batch_size": BATCH}
    classes = sum(path.is_dir() for path in folder.iterdir())
    data = ImageFolderDataModule(str(folder), num_classes=classes, **basic | options)
    data.setup()
    return data


def first_batch(folder: Path, cache: str) -> None:
    data = data_of(folder, cache=cache)
    layer = Standardize(3)
    layer.fit(*data.pixel_statistics())
    layer(next(iter(data.train_dataloader()))[0])


def peer(folder: Path) -> DataLoader[Any]:
    steps = [
        transforms.Resize((SIDE, SIDE)),
        transforms.ToTensor(),
        transforms.Normalize([0.5] * 3, [0.25] * 3),
    ]
    found = datasets.ImageFolder(str(folder), transforms.Compose(steps))
    return DataLoader(found, BATCH, shuffle=True, num_workers=2)


def made(folder: Path, count: int) -> Path:
    """Write JPEGs of smooth noise, equally many of each class."""
    rng = np.random.default_rng(0)
    for k in range(count):
        place = folder / f"class{k % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        noise = Image.fromarray(rng.integers(256, size=(8, 8, 3), dtype=np.uint8))
        noise.resize((64, 64), Image.Resampling.BILINEAR).save(place / f"{k:06}.jpg")
    return folder


if __name__ == "__main__":
    main()
