"""What data sets of picture files share: reading, keeping and leaving out pictures."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Sampler

from icv_lightning import hardware
from icv_lightning.data.datamodule import Batches, ImageDataModule
from icv_lightning.data.decoding import LazyImages
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.listing import Files
from icv_lightning.data.parts import Part
from icv_lightning.data.picture_cache import read_pictures
from icv_lightning.data.recorded import channel_statistics
from icv_lightning.data.spaced import spaced
from icv_lightning.data.split import in_validation
from icv_lightning.data.traits import SAMPLE
from icv_lightning.errors import UserError, first_few

SAMPLE_SIZE = 10_000  # pictures that the standardising constants are taken from, where they are not in memory
MAX_LISTED = 10


class PictureFileDataModule(ImageDataModule):
    """Pictures in files, of which `load` hands those of its parts to `read`, that of training first.

    Which of these are the validation part depends on their names (`icv_lightning.data.split`).

    Args:
        folder: folder that names in records are relative to.
        test_fraction: share of each class's pictures for test, where they are cut from train, in (0, 1).
        memory_gb: memory for decoded pictures, in 10^9 bytes; workers decode the rest while training.
        cache: folder that keeps decoded pictures for later runs; None for none.
        unreadable: "stop" where pictures cannot be read, or "skip" them.
        options: those of `ImageDataModule`.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(
        self,
        folder: str | Path,
        test_fraction: float,
        memory_gb: float = 4.0,
        cache: str | None = None,
        unreadable: str = "stop",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not 0 < test_fraction < 1:
            raise ValueError(f"test_fraction must be in (0, 1), got {test_fraction}")
        if memory_gb < 0:
            raise ValueError(f"memory_gb must not be negative, got {memory_gb}")
        if unreadable not in ("stop", "skip"):
            raise ValueError(f"unreadable must be stop or skip, got {unreadable!r}")
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {self.channels}")
        self.folder, self.memory_gb, self.unreadable = Path(folder).expanduser(), memory_gb, unreadable
        self.test_fraction = test_fraction
        self.cache = None if cache is None else Path(cache).expanduser()
        self.skipped: list[str] = []
        self.trained_files: list[Path] = []

    def recorded(self) -> dict[str, Any]:
        """Return what results.json says of the data, pictures that were skipped among it."""
        left_out = {"unreadable": {"count": len(self.skipped), "files": self.skipped}} if self.skipped else {}
        return super().recorded() | left_out

    def read(self, parts: Sequence[Files], class_names: Sequence[str]) -> list[Part]:
        """Return images and classes of the parts, read together.

        Raises:
            UserError: pictures that cannot be read, unless they are skipped; a class that none is left of.
        """
        files = [path for part in parts for path, _ in part]
        images, reasons = read_pictures(files, self.picture_input, self.memory_gb, self.cache, self.quiet)
        if not self.trained_files:
            self.trained_files = [files[k] for k in range(len(parts[0])) if k not in reasons]
            self.sampled_files = [
                self.trained_files[k] for k in spaced(len(self.trained_files), SAMPLE).tolist()
            ]
        self._leave_out({files[k]: why for k, why in reasons.items()}, len(files))
        found: list[Part] = []
        position = start = 0
        for part in parts:
            good = [k for n, (_, k) in enumerate(part, start=position) if n not in reasons]
            if lost := {k for _, k in part} - set(good):
                names = ", ".join(class_names[k] for k in sorted(lost))
                raise UserError(f"{self.folder}: no picture of these classes can be read: {names}")
            found.append((images[start : start + len(good)], torch.tensor(good, dtype=torch.int64)))
            position, start = position + len(part), start + len(good)
        return found

    def pixel_statistics(self) -> tuple[Tensor, Tensor]:
        """Return mean and deviation per channel of the training part; of 10,000 where it is not in memory."""
        part = self.train_part
        if not isinstance(part.images, LazyImages):
            return super().pixel_statistics()
        return channel_statistics(part.images[part.index[spaced(len(part), SAMPLE_SIZE)]])

    def _cut(self, key: str, index: Tensor, target: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Choose the validation part by the pictures' names, all else by their positions."""
        if key != "val_size":
            return super()._cut(key, index, target, seed)
        names = [os.path.relpath(self.trained_files[k], self.folder) for k in index.tolist()]
        try:
            rest, held = in_validation(names, target.tolist(), self.val_size, seed)
        except ValueError as error:
            raise UserError(
                f"data.val_size={self.val_size}: cannot be cut from {self.name}, class by class ({error})"
            ) from error
        return index[rest], index[held]

    def _leave_out(self, unreadable: dict[Path, str], count: int) -> None:
        names = sorted(os.path.relpath(path, self.folder) for path in unreadable)
        if names and self.unreadable == "stop":
            raise UserError(
                f"{unreadable[min(unreadable)]}; {len(names)} of {count} pictures cannot be read: "
                f"{first_few(names, MAX_LISTED)}; data.unreadable=skip leaves them out"
            )
        self.skipped = sorted({*self.skipped, *names})

    def _loader(self, part: InMemoryImages, batches: Sampler[list[int]], **options: Any) -> Batches:
        if isinstance(part.images, LazyImages) and not self.num_workers:
            options = {"num_workers": hardware.cores()} | options
        return super()._loader(part, batches, **options)
