"""EMNIST: handwritten letters and digits in six splits, read from its one archive in place."""

import io
import zipfile
from typing import Any

from icv_lightning.data.archive import content_of, unpacking
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.idx import decoded_idx
from icv_lightning.data.parts import Part
from icv_lightning.errors import check_choice

SPLITS = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")


class EMNISTDataModule(ImageDataModule):
    """The images of 28x28 of a split of EMNIST (Cohen et al. 2017).

    Classes are numbered from 0, those of `letters` too, which the archive numbers from 1. Images stand
    upright; the archive has them transposed, and so has torchvision. The archive (560 MB, read into memory
    once) is looked for in `<root>/EMNIST/raw/gzip.zip`, which may be read-only; a missing one is downloaded.

    Args:
        split: byclass (62 classes), bymerge or balanced (47), letters (26), digits or mnist (10).
        options: those of `ImageDataModule`.

    Raises:
        ValueError: another `split`.
    """

    def __init__(self, split: str = "balanced", **options: Any) -> None:
        super().__init__(**options)
        check_choice("split", split, SPLITS)
        self.split = split

    def load(self) -> tuple[Part, Part]:
        """Return train and test part from the archive."""
        from torchvision.datasets import EMNIST as SOURCE  # a second of import that other data sets need not

        first = int(self.split == "letters")
        self.class_names = list(SOURCE.classes_split_dict[self.split])[first:]
        path = self.root / "EMNIST" / "raw" / "gzip.zip"
        packed = content_of(path, SOURCE.md5, [SOURCE.url], "EMNIST/raw/gzip.zip, the original archive")
        with unpacking(path), zipfile.ZipFile(io.BytesIO(packed)) as archive:
            train, test = (self._part(archive, part, first) for part in ("train", "test"))
        return train, test

    def _part(self, archive: zipfile.ZipFile, part: str, first: int) -> Part:
        name = f"gzip/emnist-{self.split}-{part}"
        images = decoded_idx(archive.read(f"{name}-images-idx3-ubyte.gz"))
        target = decoded_idx(archive.read(f"{name}-labels-idx1-ubyte.gz")).long() - first
        return images.transpose(1, 2).unsqueeze(1).contiguous(), target
