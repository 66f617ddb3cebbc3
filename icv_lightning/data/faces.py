"""Faces, a folder per person: persons to train on, and others to verify."""

import logging
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from torch import Tensor

from icv_lightning.data.datamodule import Part, channel_statistics
from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.identities import check_pictures, split_identities, tested_pictures
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.layouts import Files
from icv_lightning.data.picture import PictureInput
from icv_lightning.data.picture_datamodule import SAMPLE_SIZE, PictureFileDataModule, spaced

log = logging.getLogger(__name__)


class FacesDataModule(PictureFileDataModule):
    """Pictures of persons in the layouts of `icv_lightning.data.identities.split_identities`.

    CASIA-WebFace, exports of MS1M and LFW look like that. Persons are numbered in the order of their sorted
    names. Train and test part hold the persons trained on, about `test_fraction` of each one's pictures in
    the latter, each picture by its name alone (none of a person with one); `unseen` gives all pictures of
    the persons to verify. The central part of each picture is kept and resized to `image_size` x
    `image_width`.

    Args:
        folder: the folder of persons; part of a run's identity.
        held_out: share of the persons to verify, in [0, 1), where there is no `train` folder.
        test_fraction: share of each person's pictures for test, in (0, 1).
        image_width: W; None for `image_size`, the height.
        crop: share of the central part that is kept, in (0, 1].
        options: those of `PictureFileDataModule`.

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
        **options: Any,
    ) -> None:
        super().__init__(folder, **options)
        if not 0 <= held_out < 1:
            raise ValueError(f"held_out must be in [0, 1), got {held_out}")
        if not 0 < test_fraction < 1:
            raise ValueError(f"test_fraction must be in (0, 1), got {test_fraction}")
        if not 0 < crop <= 1:
            raise ValueError(f"crop must be in (0, 1], got {crop}")
        self.held_out, self.test_fraction = held_out, test_fraction
        self.width, self.crop = image_width or self.image_size, crop

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
        files = files_of(trained, tested=True)
        tested = self.tested(trained, files)
        train, test = (
            [f for f, held in zip(files, tested, strict=True) if held == part] for part in (False, True)
        )
        train_part, test_part = self.read([train, test], self.class_names)
        return train_part, test_part

    def tested(self, persons: Sequence[Path], files: Files) -> list[bool]:
        """Tell for each of these persons' pictures, in order, whether it is of the test part."""
        return [
            held
            for k, pictures in groupby(files, key=lambda item: item[1])
            for held in tested_pictures(persons[k], [path for path, _ in pictures], self.test_fraction)
        ]

    def unseen(self) -> InMemoryImages:
        """Return all pictures of the persons to verify, numbered in the order of their sorted names."""
        _, verified = self.persons()
        [(images, target)] = self.read([files_of(verified)], [path.name for path in verified])
        return InMemoryImages(images, target)

    def pixel_statistics(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation per channel of at most 10,000 pictures, evenly spaced."""
        index = self.train_part.index
        return channel_statistics(self.train_part.images[index[spaced(len(index), SAMPLE_SIZE)]])

    def _cut(self, key: str, index: Tensor, target: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        if key != "monitor_size":
            return super()._cut(key, index, target, seed)
        return index, index[spaced(len(index), self.monitor_size)]  # a person may have one picture alone


def files_of(persons: list[Path], tested: bool = False) -> Files:
    """Return all pictures of these persons and whose each is, in order; see `check_pictures`."""
    finder = PictureFinder()
    found = [finder.pictures(path) for path in persons]
    check_pictures(persons, [len(files) for files in found], tested)
    for line in finder.lines():
        log.info("%s", line)
    return [(path, k) for k, files in enumerate(found) for path in files]
