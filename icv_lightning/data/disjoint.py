"""Picture files of classes to train on, and of others that are kept from training altogether."""

import os
from abc import abstractmethod
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.listing import Files
from icv_lightning.data.parts import Part
from icv_lightning.data.picture import PictureInput
from icv_lightning.data.picture_datamodule import SAMPLE_SIZE, PictureFileDataModule
from icv_lightning.data.recorded import channel_statistics
from icv_lightning.data.spaced import spaced
from icv_lightning.data.split import in_test_part


class Named(NamedTuple):
    """Names of classes, their pictures in order of class, and the folder that pictures are named below."""

    names: list[str]
    files: Files
    folder: Path


class DisjointDataModule(PictureFileDataModule):
    """Classes trained on, by `trained`, and others, by `kept_out`, whose pictures `unseen` gives.

    Train and test part hold the classes trained on, about `test_fraction` of each one's pictures in the
    latter, each picture by its name alone (none of a class with one). The central part of each picture is
    kept and resized to `image_size` x `image_width`.

    Args:
        folder: that names in records are relative to.
        test_fraction: in (0, 1).
        image_width: W; None for `image_size`, the height.
        crop: share of the central part that is kept, in (0, 1].
        options: those of `PictureFileDataModule`.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(
        self,
        folder: str | Path,
        test_fraction: float = 0.1,
        image_width: int | None = None,
        crop: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(folder, test_fraction, **options)
        if not 0 < crop <= 1:
            raise ValueError(f"crop must be in (0, 1], got {crop}")
        self.width, self.crop = image_width or self.image_size, crop

    @property
    def picture_input(self) -> PictureInput:
        """Return the central part's channels, shape and share."""
        return PictureInput(self.channels, self.image_size, self.width, self.crop)

    @abstractmethod
    def trained(self) -> Named:
        """Return the classes to train on and their pictures; raise `UserError` where there are none."""

    @abstractmethod
    def kept_out(self) -> Named:
        """Return the other classes and their pictures."""

    def load(self) -> tuple[Part, Part]:
        """Return train and test part of the classes trained on, decoded or to be decoded."""
        self.class_names, files, folder = self.trained()
        tested = self.tested(files, folder)
        train, test = (
            [file for file, held in zip(files, tested, strict=True) if held == part] for part in (False, True)
        )
        train_part, test_part = self.read([train, test], self.class_names)
        return train_part, test_part

    def unseen(self) -> InMemoryImages:
        """Return all pictures of the classes kept out, numbered in their order."""
        names, files, _ = self.kept_out()
        [(images, target)] = self.read([files], names)
        return InMemoryImages(images, target)

    def pixel_statistics(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation per channel of at most 10,000 pictures, evenly spaced."""
        index = self.train_part.index
        return channel_statistics(self.train_part.images[index[spaced(len(index), SAMPLE_SIZE)]])

    def _cut(self, key: str, index: Tensor, target: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        if key != "monitor_size":
            return super()._cut(key, index, target, seed)
        return index, index[spaced(len(index), self.monitor_size)]  # a class may have one picture alone

    def tested(self, files: Files, folder: Path) -> list[bool]:
        """Tell for each picture whether it is of the test part, by its name below the folder."""
        names = [
            [os.path.relpath(path, folder) for path, _ in own] for _, own in groupby(files, lambda f: f[1])
        ]
        return [held for own in names for held in in_test_part(own, self.test_fraction)]
