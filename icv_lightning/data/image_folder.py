"""Anybody's own pictures: a folder per class, resized in memory to squares."""

from pathlib import Path
from typing import Any

import torch

from icv_lightning.data.datamodule import FIXED_SEED, ImageDataModule, Part, stratified
from icv_lightning.data.folders import SUFFIXES, class_folders, pictures
from icv_lightning.data.picture import read_picture
from icv_lightning.errors import UserError


class ImageFolderDataModule(ImageDataModule):
    """Pictures in `<folder>/train/<class>/` and `<folder>/test/<class>/`, or in `<folder>/<class>/`.

    In the second layout `test_fraction` of each class, chosen once for all, is the test part. Classes are
    numbered in the order of their sorted names. Pictures are turned as their EXIF says, brought to
    grey or RGB and resized (`icv_lightning.data.picture`).

    Args:
        folder: the folder of pictures; part of a run's identity.
        test_fraction: used without a `train` folder, in (0, 1).
        options: those of `ImageDataModule`.

    Raises:
        ValueError: `test_fraction` outside (0, 1), or `channels` neither 1 nor 3.
    """

    def __init__(self, folder: str, test_fraction: float = 0.2, **options: Any) -> None:
        super().__init__(**options)
        if not 0 < test_fraction < 1:
            raise ValueError(f"test_fraction must be in (0, 1), got {test_fraction}")
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {self.channels}")
        self.folder, self.test_fraction = Path(folder).expanduser(), test_fraction

    def load(self) -> tuple[Part, Part]:
        """Return train and test part, decoded."""
        train = self.folder / "train"
        whole = train if train.is_dir() else self.folder
        self.class_names = class_folders(whole)
        if len(self.class_names) < 2:
            raise UserError(
                f"data.root={self.folder}: needs at least two class folders, found {self.class_names}"
            )
        empty = [name for name in self.class_names if not pictures(whole / name)]
        if empty:
            raise UserError(
                f"{whole}: class folders without pictures ({', '.join(sorted(SUFFIXES))}): {', '.join(empty)}"
            )
        if train.is_dir():
            return self._split(train), self._split(self.folder / "test")
        images, target = self._split(self.folder)
        size = max(round(self.test_fraction * len(target)), len(self.class_names))
        fewest = int(target.bincount().min())
        if fewest < 2 or size > len(target) - len(self.class_names):
            raise UserError(
                f"data.root={self.folder}: too few pictures to cut a test part, a class has {fewest}"
            )
        rest, held = stratified(torch.arange(len(target)), target, size, FIXED_SEED)
        return (images[rest], target[rest]), (images[held], target[held])

    def _split(self, folder: Path) -> Part:
        strangers = set(class_folders(folder)) - set(self.class_names)
        if strangers:
            raise UserError(f"{folder}: classes that train lacks: {', '.join(sorted(strangers))}")
        files = [(path, k) for k, name in enumerate(self.class_names) for path in pictures(folder / name)]
        if not files:
            raise UserError(f"{folder}: no pictures ({', '.join(sorted(SUFFIXES))}) in its class folders")
        images = torch.stack([read_picture(path, *self.picture_input) for path, _ in files])
        return images, torch.tensor([k for _, k in files])
