"""Picture files to uint8 tensors: at once, or one by one when they are asked for."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from icv_lightning.errors import UserError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def decoded(
    path: str | Path, channels: int, height: int, width: int, crop: float | None = None
) -> UInt8[Tensor, "channel height width"]:
    """Return a picture in grey (1) or RGB (3), resized bilinearly.

    Args:
        path: its file.
        channels: 1 or 3.
        height: in pixels.
        width: in pixels.
        crop: share of its central part that is kept, as large as fits the shape asked for; None stretches
            the whole picture to that shape.

    Raises:
        UserError: a file that is no picture.
    """
    try:
        with Image.open(path) as picture:
            box = None if crop is None else central(picture.width, picture.height, width / height, crop)
            resized = (
                _of_8_bits(picture)
                .convert("L" if channels == 1 else "RGB")
                .resize((width, height), Image.Resampling.BILINEAR, box)
            )
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: unreadable picture ({error})") from error
    pixels = np.asarray(resized).reshape(height, width, channels)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def central(width: int, height: int, aspect: float, crop: float) -> tuple[float, float, float, float]:
    """Return left, upper, right, lower of the central part of a picture, `aspect` times as wide as high."""
    inner = crop * min(height, width / aspect)
    left, upper = (width - aspect * inner) / 2, (height - inner) / 2
    return left, upper, left + aspect * inner, upper + inner


class LazyImages:
    """Pictures that are decoded whenever they are asked for, in place of the tensor M x C x H x W.

    Args:
        files: M picture files.
        decode: a file to a uint8 tensor C x H x W.
    """

    def __init__(self, files: Sequence[Path], decode: Callable[[str], Tensor]) -> None:
        # An array of characters: worker processes would copy a list of paths by counting references.
        self.files, self.decode = np.array([str(path) for path in files]), decode

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Tensor) -> Tensor:
        return torch.stack([self.decode(str(path)) for path in self.files[index.numpy()]])


def decode_all(files: Sequence[Path], decode: Callable[[str], Tensor]) -> Tensor:
    """Return all pictures, decoded by a thread for each core, M x C x H x W."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return torch.stack(list(pool.map(decode, map(str, files))))


def _of_8_bits(picture: Image.Image) -> Image.Image:
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))  # 16 bits, which convert would clip
