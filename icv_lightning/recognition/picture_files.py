"""The pictures that a command is given: files and folders, read a batch at a time, without the unreadable."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.errors import UserError


class PictureFiles:
    """Files as batches of input images; one that cannot be read is named on stderr, and the others go on.

    Args:
        given: files, and folders to be searched through for pictures as in training; what is passed over
            there is said on stderr.
        picture_input: what they are brought to.
        batch_size: files of a batch.

    Attributes:
        files: what was found.
        unreadable: how many of these could not be read so far.

    Raises:
        UserError: a folder without pictures.
    """

    def __init__(self, given: Sequence[Path], picture_input: PictureInput, batch_size: int = 256) -> None:
        finder = PictureFinder()
        self.files = [file for path in given for file in _files(path, finder)]
        for line in finder.lines():
            print(line, file=sys.stderr, flush=True)
        self.picture_input, self.batch_size = picture_input, batch_size
        self.unreadable = 0

    def __iter__(self) -> Iterator[tuple[list[Path], Tensor]]:
        """Yield (files, their images as uint8 B x C x H x W); decoding takes as many threads as cores."""
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            for start in range(0, len(self.files), self.batch_size):
                chunk = self.files[start : start + self.batch_size]
                read = [(f, image) for f, image in zip(chunk, pool.map(self._read, chunk), strict=True)]
                good = [(file, image) for file, image in read if isinstance(image, Tensor)]
                self.unreadable += len(read) - len(good)
                if good:
                    yield [file for file, _ in good], torch.stack([image for _, image in good])

    def _read(self, file: Path) -> Tensor | None:
        try:
            return read_picture(file, *self.picture_input)
        except UserError as error:
            print(error, file=sys.stderr, flush=True)
            return None


def _files(path: Path, finder: PictureFinder) -> list[Path]:
    if not path.is_dir():
        return [path]
    if found := finder.pictures(path):
        return found
    raise UserError(f"{path}: no pictures in it")
