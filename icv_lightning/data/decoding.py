"""Many picture files: decoded by several processes, at once or whenever they are asked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from icv_lightning import hardware
from icv_lightning.data.progress import reported
from icv_lightning.errors import UserError

Decode = Callable[[str], Tensor]
PARALLEL_FROM = 500  # pictures that one process decodes before others would have started
BATCH = 64


class LazyImages:
    """Pictures that are decoded whenever they are asked for, in place of the tensor M x C x H x W.

    Args:
        files: M picture files.
        decode: a file to a uint8 tensor C x H x W.
    """

    def __init__(self, files: Iterable[Path | str], decode: Decode) -> None:
        # An array of characters: worker processes would copy a list of paths by counting references.
        self.files, self.decode = np.array([str(path) for path in files]), decode

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Any) -> Any:
        """Return the decoded pictures at some positions, or those of a slice, not yet decoded."""
        if isinstance(index, slice):
            return LazyImages(self.files[index], self.decode)
        return torch.stack([self.decode(str(path)) for path in self.files[index.numpy()]])


def attempts(
    files: Sequence[Path], decode: Decode, keep: bool = True, quiet: bool = True
) -> Iterator[tuple[Tensor, dict[int, str]]]:
    """Yield (images, why others cannot be read, by their position) of successive batches of files.

    Args:
        files: files to read, with a process for each core.
        decode: a file to a uint8 tensor C x H x W; raises `UserError` for one that cannot be read.
        keep: give the images; else only find those that cannot be read.
        quiet: say nothing about progress.
    """
    workers = hardware.cores() if len(files) > PARALLEL_FROM else 0
    loader = DataLoader(
        _Attempts(files, decode, keep), BATCH, num_workers=workers,
        collate_fn=as_it_is, generator=torch.Generator(),  # an iterator would draw from the global state
    )  # fmt: skip
    yield from loader if quiet else reported(loader, len(files), BATCH, "reading pictures")


def decode_all(
    files: Sequence[Path], decode: Decode, shape: Sequence[int], quiet: bool = True
) -> tuple[Tensor, dict[int, str]]:
    """Return the pictures that can be read, M x C x H x W, and why the others cannot, by their position."""
    whole, count = torch.empty(len(files), *shape, dtype=torch.uint8), 0
    unreadable: dict[int, str] = {}
    for images, reasons in attempts(files, decode, quiet=quiet):
        unreadable |= reasons
        if len(images):
            whole[count : count + len(images)] = images
        count += len(images)
    return whole[:count], unreadable


class _Attempts(Dataset[Any]):
    def __init__(self, files: Sequence[Path], decode: Decode, keep: bool) -> None:
        self.files, self.decode, self.keep = np.array([str(path) for path in files]), decode, keep

    def __len__(self) -> int:
        return len(self.files)

    def __getitems__(self, positions: Sequence[int]) -> tuple[Tensor, dict[int, str]]:
        images, reasons = [], {}
        for position in positions:
            try:
                image = self.decode(str(self.files[position]))
                images += [image] * self.keep
            except UserError as error:
                reasons[position] = str(error)
        return torch.stack(images) if images else torch.empty(0), reasons


def as_it_is(batch: Any) -> Any:
    """Return what a dataset gives for a whole batch, as `DataLoader` asks (its `collate_fn`)."""
    return batch
