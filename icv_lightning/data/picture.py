"""Pictures of any size and kind, brought to a network's input: the same in training and in prediction."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps
from torch import Tensor

from icv_lightning.data.brightness import of_8_bits, storage
from icv_lightning.data.folders import formats
from icv_lightning.errors import UserError, one_line

MAX_SIDE = 4096  # side of a network's input in pixels


class PictureInput(NamedTuple):
    """What pictures are brought to in training and ever after.

    Attributes:
        channels: 1 (grey) or 3 (RGB).
        height: height in pixels.
        width: width in pixels.
        crop: share of the central part that is kept; None stretches the whole picture.
        invert: dark becomes bright, as drawings on paper are trained on.
    """

    channels: int
    height: int
    width: int
    crop: float | None = None
    invert: bool = False

    @property
    def possible(self) -> bool:
        """Tell whether these are numbers that a network can take."""
        channels, *sides, crop, invert = self
        return (
            channels in (1, 2, 3)
            and all(type(side) is int and 1 <= side <= MAX_SIDE for side in sides)
            and (crop is None or (type(crop) in (int, float) and 0 < crop <= 1))
            and type(invert) is bool
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return C, H, W."""
        return self[:3]


def read_picture(path: str | Path, taken: PictureInput) -> UInt8[Tensor, "channel height width"]:
    """Return the picture in a file as `to_input` brings it.

    Raises:
        UserError: naming the file and why it cannot be read; a picture beyond twice Pillow's limit of pixels
            is taken for a decompression bomb.
    """
    try:
        if not Path(path).is_file():  # opening a pipe would wait for ever
            raise FileNotFoundError("not a file" if Path(path).exists() else "no such file")
        with Image.open(path, formats=formats()) as picture:
            return to_input(picture, taken)
    except Exception as error:  # Pillow raises many kinds for a file that is damaged or made to be
        raise UserError(f"{path}: unreadable picture ({one_line(error)})") from error


def to_input(picture: Image.Image, taken: PictureInput) -> UInt8[Tensor, "channel height width"]:
    """Return a picture turned as its EXIF says, grey (1 channel) or RGB (3), resized bilinearly.

    Deep greys are scaled and transparency is composed on white as `of_8_bits` says; the first of several
    frames is taken.

    Args:
        picture: a picture of any size and mode.
        taken: what it is brought to; the central part is as large as fits that shape, and dark is turned
            into bright after all else.
    """
    channels, height, width, crop, invert = taken
    stored, upright = storage(picture), ImageOps.exif_transpose(picture)
    box = None if crop is None else central(upright.width, upright.height, width / height, crop)
    resized = of_8_bits(upright, stored, channels).resize((width, height), Image.Resampling.BILINEAR, box)
    pixels = np.asarray(resized).reshape(height, width, channels)
    pixels = 255 - pixels if invert else pixels
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def central(width: int, height: int, aspect: float, crop: float) -> tuple[float, float, float, float]:
    """Return left, upper, right, lower of the central part of a picture, `aspect` times as wide as high."""
    inner = crop * min(height, width / aspect)
    left, upper = (width - aspect * inner) / 2, (height - inner) / 2
    return left, upper, left + aspect * inner, upper + inner
