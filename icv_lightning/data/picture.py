"""Pictures of any size and kind, brought to a network's input: the same in training and in prediction."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps
from torch import Tensor

from icv_lightning.errors import UserError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def read_picture(path: str | Path, channels: int, image_size: int) -> UInt8[Tensor, "channel size size"]:
    """Return the picture in a file as `to_input` brings it.

    Raises:
        UserError: naming the file and why it cannot be read; a picture beyond twice Pillow's limit of pixels
            is taken for a decompression bomb.
    """
    try:
        with Image.open(path) as picture:
            return to_input(picture, channels, image_size)
    except Exception as error:  # Pillow raises many kinds for a file that is damaged or made to be
        raise UserError(f"{path}: unreadable picture ({error or type(error).__name__})") from error


def to_input(picture: Image.Image, channels: int, image_size: int) -> UInt8[Tensor, "channel size size"]:
    """Return a picture turned as its EXIF says, grey (1 channel) or RGB (3), resized to a square.

    Sixteen bits become eight, transparency is dropped, the first of several frames is taken.
    """
    square = (
        _of_8_bits(ImageOps.exif_transpose(picture))
        .convert("L" if channels == 1 else "RGB")
        .resize((image_size, image_size), Image.Resampling.BILINEAR)
    )
    pixels = np.asarray(square).reshape(image_size, image_size, channels)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _of_8_bits(picture: Image.Image) -> Image.Image:
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))  # 16 bits, which convert would clip
