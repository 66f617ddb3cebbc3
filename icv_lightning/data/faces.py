"""Faces, a folder per person: persons to train on, and others to verify."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from icv_lightning.data.datamodule import FIXED_SEED, ImageDataModule, Part, channel_statistics
from icv_lightning.data.decoding import LazyImages, decode_all
from icv_lightning.data.folders import pictures
from icv_lightning.data.identities import split_identities, tested_pictures
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.errors import UserError

LOOKED_AT = 10_000  # pictures that the standardising constants are taken from


class FacesDataModule(ImageDataModule):
    """Pictures of persons in the layouts of `icv_lightning.data.identities.split_identities`.

    CASIA-WebFace, exports of MS1M and LFW look like that. Persons are numbered in the order of their sorted
    names. Train and test part hold the persons trained on, `test_fraction` of each one's pictures in the
    latter (none of a person with one); `unseen` gives all pictures of the persons to verify. The central
    part of each picture is kept and resized to `image_size` x `image_width`.

    Pictures that take no more than `memory_gb` are decoded once and kept; otherwise worker processes
    decode each picture whenever it comes.

    Args:
        folder: the folder of persons; part of a run's identity.
        held_out: share of the persons to verify, in [0, 1), where there is no `train` folder.
        test_fraction: in (0, 1).
        image_width: W; None for `image_size`, the height.
        crop: share of the central part that is kept, in (0, 1].
        memory_gb: for the decoded pictures of a part, in 10^9 bytes.
        options: those of `ImageDataModule`.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(
        self,
        folder: str | Path,
        held_out: float = 0.1,
        test_fraction: float = 0.1,
        image_width: int | None = None,
        crop: float = 1.0,
        memory_gb: float = 4.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not 0 <= held_out < 1:
            raise ValueError(f"held_out must be in [0, 1), got {held_out}")
        if not 0 < test_fraction < 1:
            raise ValueError(f"test_fraction must be in (0, 1), got {test_fraction}")
        if not 0 < crop <= 1:
            raise ValueError(f"crop must be in (0, 1], got {crop}")
        if memory_gb < 0:
            raise ValueError(f"memory_gb must not be negative, got {memory_gb}")
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {self.channels}")
        self.folder, self.held_out, self.test_fraction = Path(folder).expanduser(), held_out, test_fraction
        self.memory_gb, self.width, self.crop = memory_gb, image_width or self.image_size, crop
        self.decode = partial(read_picture, **self.picture_input._asdict())

    @property
    def picture_input(self) -> PictureInput:
        """Return the central part's channels, shape and share."""
        return PictureInput(self.channels, self.image_size, self.width, self.crop)

    def persons(self) -> tuple[list[Path], list[Path]]:
        """Return the folders of the persons to train on and of those to verify."""
        return split_identities(self.folder, self.held_out)

    def load(self) -> tuple[Part, Part]:
        """Return train and test part of the persons trained on, decoded or to be decoded."""
        trained, _ = self.persons()
        self.class_names = [path.name for path in trained]
        files, target = files_of(trained)
        tested = self._tested(target)
        train, test = ([files[i] for i in part.nonzero()[0]] for part in (~tested, tested))
        if not test:
            raise UserError(f"{self.folder}: persons need two pictures for a test part; all have one")
        numbers = torch.from_numpy(target)
        return (self._images(train), numbers[~tested]), (self._images(test), numbers[tested])

    def unseen(self) -> InMemoryImages:
        """Return all pictures of the persons to verify, numbered in the order of their sorted names."""
        _, verified = self.persons()
        files, target = files_of(verified)
        return InMemoryImages(self._images(files), torch.from_numpy(target))

    def pixel_statistics(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation per channel of at most 10,000 pictures, evenly spaced."""
        index = self.train_part.index
        return channel_statistics(self.train_part.images[index[_spaced(len(index), LOOKED_AT)]])

    def _cut(self, key: str, index: Tensor, target: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        if key != "monitor_size":
            return super()._cut(key, index, target, seed)
        return index, index[_spaced(len(index), self.monitor_size)]  # a person may have one picture alone

    def _tested(self, target: np.ndarray) -> np.ndarray:
        """Choose the pictures of the test part, the same for every run."""
        rng = np.random.default_rng(FIXED_SEED)
        tested = np.zeros(len(target), dtype=bool)
        for places in np.split(np.arange(len(target)), np.flatnonzero(np.diff(target)) + 1):
            size = tested_pictures(len(places), self.test_fraction)
            tested[rng.permutation(places)[:size]] = True
        return tested

    def _images(self, files: list[Path]) -> Any:
        """Return the decoded pictures where they fit, else what decodes them on demand."""
        shape = self.picture_input.shape
        if len(files) * np.prod(shape) > self.memory_gb * 1e9:
            return LazyImages(files, self.decode)
        return decode_all(files, self.decode) if files else torch.empty(0, *shape, dtype=torch.uint8)


def files_of(persons: list[Path]) -> tuple[list[Path], np.ndarray]:
    """Return all pictures of these persons and whose each is, in order."""
    found = [pictures(path) for path in persons]
    if empty := [path.name for path, files in zip(persons, found, strict=True) if not files]:
        raise UserError(f"{persons[0].parent}: persons without pictures: {', '.join(empty[:5])}")
    target = np.repeat(np.arange(len(found)), [len(files) for files in found])
    return [path for files in found for path in files], target


def _spaced(size: int, most: int) -> Tensor:
    """Return at most `most` evenly spaced positions of `size`."""
    return torch.linspace(0, size - 1, min(size, most), dtype=torch.float64).round().long()
