"""Anybody's own pictures: a folder per class or a table, resized in memory to squares."""

import logging
from typing import Any

from icv_lightning.data.layouts import listed
from icv_lightning.data.parts import Part
from icv_lightning.data.picture_datamodule import PictureFileDataModule
from icv_lightning.data.split import with_test_part

log = logging.getLogger(__name__)


class ImageFolderDataModule(PictureFileDataModule):
    """Pictures in any layout of `icv_lightning.data.layouts`: `<class>/`, `<part>/<class>/`, a table.

    A validation folder becomes the validation part. Where there is no test part, about `test_fraction` of
    each class is cut from the training part, each picture by its name alone: more pictures move no other.
    Pictures are turned as their EXIF says, brought to grey or RGB and resized (`icv_lightning.data.picture`).

    Args:
        folder: the folder of pictures, or a table; part of a run's identity.
        test_fraction: used without a test part, in (0, 1).
        options: those of `PictureFileDataModule`.

    Raises:
        ValueError: `test_fraction` outside (0, 1), or another argument that is not as said.
    """

    def __init__(self, folder: str, test_fraction: float = 0.2, **options: Any) -> None:
        super().__init__(folder, test_fraction, **options)

    def load(self) -> tuple[Part, Part]:
        """Return train and test part, decoded or to be decoded; set `validation` where there is one."""
        found = listed(self.folder)
        self.class_names = found.class_names
        for line in found.lines:
            log.info("%s", line)
        parts = dict(found.parts)
        if "test" not in parts:
            parts["train"], parts["test"] = with_test_part(self.folder, parts["train"], self.test_fraction)
        read = dict(zip(parts, self.read(list(parts.values()), self.class_names), strict=True))
        self.validation = read.get("val")
        return read["train"], read["test"]
