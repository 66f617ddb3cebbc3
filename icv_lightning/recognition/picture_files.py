"""The pictures that a command is given: files and folders, read a batch at a time, without the unreadable."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.negatives import look_negative
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.data.progress import reported
from icv_lightning.data.traits import NEGATIVE, SAMPLE, Ranges, traits, unlike
from icv_lightning.errors import UserError


class PictureFiles:
    """Files as batches of input images; one that cannot be read is named on stderr, and the others go on.

    Args:
        given: files, and folders to be searched through for pictures as in training; what is passed over
            there is said on stderr.
        picture_input: size and channels that the network takes.
        batch_size: files of a batch.
        usual: what the pictures trained on look like; a line on stderr says where the first batch does not.

    Attributes:
        files: the files found.
        unreadable: how many of these could not be read so far.
        quiet: say nothing about progress.

    Raises:
        UserError: a folder without pictures.
    """

    def __init__(
        self,
        given: Sequence[Path],
        picture_input: PictureInput,
        batch_size: int = 256,
        usual: Ranges | None = None,
    ) -> None:
        finder = PictureFinder()
        self.files = [file for path in given for file in _files(path, finder)]
        for line in finder.lines():
            print(line, file=sys.stderr, flush=True)
        self.picture_input, self.batch_size = picture_input, batch_size
        self.unreadable, self.quiet, self._usual = 0, False, usual or {}

    def __iter__(self) -> Iterator[tuple[list[Path], Tensor]]:
        """Yield (files, their images as uint8 B x C x H x W); decoding takes as many threads as cores."""
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            for start in self._starts():
                chunk = self.files[start : start + self.batch_size]
                read = [(f, image) for f, image in zip(chunk, pool.map(self._read, chunk), strict=True)]
                good = [(file, image) for file, image in read if isinstance(image, Tensor)]
                self.unreadable += len(read) - len(good)
                if good:
                    files, images = [file for file, _ in good], torch.stack([image for _, image in good])
                    warn_unlike(images, files, self._usual)
                    self._usual = {}  # once
                    yield files, images

    def _starts(self) -> Iterator[int]:
        starts, total = range(0, len(self.files), self.batch_size), len(self.files)
        return iter(starts if self.quiet else reported(starts, total, self.batch_size, "reading pictures"))

    def _read(self, file: Path) -> Tensor | None:
        try:
            return read_picture(file, self.picture_input)
        except UserError as error:
            print(error, file=sys.stderr, flush=True)
            return None


def warn_unlike(images: Tensor, files: Sequence[str | Path], usual: Ranges) -> None:
    """Say on stderr, in a line, in what most of these pictures look unlike those that were trained on."""
    if not usual:
        return
    said = unlike(traits(images[:SAMPLE], files[:SAMPLE]), usual)
    if look_negative(images[:SAMPLE], usual.get(NEGATIVE, ())):
        said.append("like negatives of them, bright for dark")
    if said:
        unlikeness = "; ".join(said)
        line = f"warning: these pictures look unlike those trained on, results may mean nothing: {unlikeness}"
        print(line, file=sys.stderr, flush=True)


def _files(path: Path, finder: PictureFinder) -> list[Path]:
    if not path.is_dir():
        return [path]
    if found := finder.pictures(path):
        return found
    raise UserError(f"{path}: no pictures in it")
