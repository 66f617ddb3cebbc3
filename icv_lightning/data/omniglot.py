"""Omniglot's two minimal sets, read from their archives in place."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from icv_lightning.data.archive import content_of
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.parts import Part
from icv_lightning.data.picture import PictureInput, to_input
from icv_lightning.errors import check_choice

URL = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
MD5 = {
    "small1": "e704a628b5459e08445c13499850abc4",
    "small2": "b75a71a51d3b13f821f212756fe481fd",
}
DRAWING = re.compile(r"[^/]+/(?P<name>[^/]+/character\d+)/\d+_(?P<drawer>\d+)\.png")


class OmniglotDataModule(ImageDataModule):
    """136 (small1) or 156 (small2) handwritten characters of 5 alphabets, drawn once each by 20 people.

    Lake, Salakhutdinov and Tenenbaum 2015. The last `test_drawers` people are the test part. Drawings are
    inverted, strokes bright, and resized from 105x105. Both sets hold Greek and Latin; `unseen` gives the
    drawings of the other set's three alphabets. Classes are numbered in the order of their sorted names.

    Archives are looked for in `<root>/omniglot-py`, which may be read-only; a missing one is downloaded.

    Args:
        subset: "small1" or "small2".
        test_drawers: people of the test part, from 1 to 18.
        options: those of `ImageDataModule`.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(self, subset: str = "small1", test_drawers: int = 5, **options: Any) -> None:
        super().__init__(**options)
        check_choice("subset", subset, MD5)
        if not 1 <= test_drawers <= 18:
            raise ValueError(f"test_drawers must be from 1 to 18, got {test_drawers}")
        self.subset, self.test_drawers = subset, test_drawers

    @property
    def picture_input(self) -> PictureInput:
        """Return what drawings are brought to: bright strokes on a dark ground."""
        return super().picture_input._replace(invert=True)

    def load(self) -> tuple[Part, Part]:
        """Return train and test part, decoded."""
        images, target, drawers, self.class_names = self._read(self.subset, lambda alphabet: True)
        tested = drawers > 20 - self.test_drawers
        return (images[~tested], target[~tested]), (images[tested], target[tested])

    def unseen(self) -> InMemoryImages:
        """Return all drawings of the other set's alphabets that are not in this one, numbered from 0."""
        other = next(name for name in MD5 if name != self.subset)
        with self._opened(self.subset) as archive:
            own = {name.split("/")[1] for name in archive.namelist()}
        images, target, *_ = self._read(other, lambda alphabet: alphabet not in own)
        return InMemoryImages(images, target)

    def _read(self, subset: str, wanted: Callable[[str], bool]) -> tuple[Tensor, Tensor, Tensor, list[str]]:
        """Return images, target, drawers (1 to 20) and class names of the wanted alphabets."""
        with self._opened(subset) as archive:
            found = [match for name in sorted(archive.namelist()) if (match := DRAWING.fullmatch(name))]
            found = [match for match in found if wanted(match["name"].split("/")[0])]
            pictures = [Image.open(io.BytesIO(archive.read(match[0]))) for match in found]
        images = torch.stack([to_input(picture, self.picture_input) for picture in pictures])
        names = sorted({match["name"] for match in found})
        numbers = {name: k for k, name in enumerate(names)}
        target = torch.tensor([numbers[match["name"]] for match in found])
        return images, target, torch.tensor([int(match["drawer"]) for match in found]), names

    def _opened(self, subset: str) -> zipfile.ZipFile:
        name = f"images_background_{subset}.zip"
        place = " and ".join(f"images_background_{each}.zip" for each in MD5)
        packed = content_of(
            self.root / "omniglot-py" / name, MD5[subset], [f"{URL}/{name}"],
            f"omniglot-py with the two archives {place}",
        )  # fmt: skip
        return zipfile.ZipFile(io.BytesIO(packed))
