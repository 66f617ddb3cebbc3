"""A few statistics of pictures, to notice pictures unlike those that a network was trained on."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from icv_lightning.data.folders import formats
from icv_lightning.data.negatives import FEATURES, weights

SAMPLE = 100  # pictures that are looked at
TAIL = 0.01  # share of the pictures trained on, at either end, that does not count
GREY_TOLERANCE = 12.0  # grey levels beyond the others that are still usual
SIZE_FACTOR = 4.0  # as large, or as small, as the others, that is still usual
WORDS = {
    "brightness": "mean brightness",
    "border": "brightness of the border",
    "colour": "difference of the channels",
    "side": "side of a file's picture in pixels",
}
NEGATIVE = "negative"  # key of the weights that tell pictures from their negatives
Ranges = Mapping[str, Sequence[float]]


def traits(
    images: UInt8[Tensor, "picture channel height width"], files: Sequence[str | Path] = ()
) -> dict[str, Tensor]:
    """Return statistics of each picture: brightness, border and colour in grey levels, side in pixels.

    Args:
        images: images as a network gets them.
        files: files of these images, or of some of them; without any, size and colour are those of `images`.
    """
    levels = images.float()
    grey = levels.mean(1)
    border = torch.cat([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], dim=1)
    found = {"brightness": grey.mean((1, 2)), "border": border.median(1).values}
    if files:
        of_files = torch.tensor([_of_file(path) for path in files], dtype=torch.float32)
        return found | {"colour": of_files[:, 0], "side": of_files[:, 1]}
    colour = (levels.amax(1) - levels.amin(1)).mean((1, 2))
    return found | {"colour": colour, "side": torch.full_like(colour, math.sqrt(grey[0].numel()))}


def usual(
    images: UInt8[Tensor, "picture channel height width"], files: Sequence[str | Path] = ()
) -> dict[str, list[float]]:
    """Return the range of each of the `traits` of pictures that are trained on, without the outermost 1 %.

    And under `NEGATIVE` the weights that tell these pictures from their negatives.
    """
    tails = torch.tensor([TAIL, 1 - TAIL])
    ranges = {key: torch.quantile(values, tails).tolist() for key, values in traits(images, files).items()}
    return ranges | {NEGATIVE: weights(images)}


def unlike(found: Mapping[str, Tensor], ranges: Ranges) -> list[str]:
    """Say in which traits most of some pictures lie far outside of the `usual` ranges."""
    said = []
    for key, values in found.items():
        if key not in ranges:
            continue
        low, high = ranges[key]
        if key == "side":
            least, most = low / SIZE_FACTOR, high * SIZE_FACTOR
        else:
            least, most = low - GREY_TOLERANCE, high + GREY_TOLERANCE
        if ((values < least) | (values > most)).float().mean() > 0.5:
            said.append(f"{WORDS[key]} {values.median():.0f}, in training {low:.0f} to {high:.0f}")
    return said


def read_ranges(recorded: Any) -> Ranges:
    """Return the ranges and weights that a checkpoint keeps; none where it has none that can be used."""
    if not isinstance(recorded, Mapping):
        return {}
    sizes = dict.fromkeys(WORDS, 2) | {NEGATIVE: FEATURES}
    return {
        key: numbers
        for key, numbers in recorded.items()
        if isinstance(numbers, list) and len(numbers) == sizes.get(key) and all(map(_is_number, numbers))
    }


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _of_file(path: str | Path) -> tuple[float, float]:
    """Return how far the channels differ in a file's picture, and its side, the mean of width and height."""
    with Image.open(path, formats=formats()) as picture:
        side = math.sqrt(picture.width * picture.height)
        picture.draft("RGB", (32, 32))
        small = picture.convert("RGB").resize((16, 16)).tobytes()
    channels = torch.frombuffer(bytearray(small), dtype=torch.uint8).view(-1, 3).float()
    return float((channels.amax(1) - channels.amin(1)).mean()), side
