"""Any picture brought to 8 bits a channel as a person sees it, or refused: nothing is clipped or wraps."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from icv_lightning.data.colour_profile import in_srgb

BACKGROUND = (255, 255, 255)  # under what is transparent: white, as a page is
# What white is in a grey picture deeper than 8 bits: the least of these that holds its brightest pixel.
WHITES = (2**8 - 1, 2**12 - 1, 2**16 - 1)
WHITE_OF_32_BITS, LEAST_OF_32_BITS = 2**31 - 1, 2**30
LEAST_OF_16_BITS = 16  # brightest of the upper bytes, of 16-bit colours that are no less than 12 bits deep
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # a tag of TIFF and its value


class Storage(NamedTuple):
    """How a picture is stored in its file, which a rotated copy no longer tells.

    Attributes:
        deep_colours: several channels of 16 bits, of which Pillow keeps the upper bytes.
        inverted: zero is white.
    """

    deep_colours: bool
    inverted: bool


def storage(picture: Image.Image) -> Storage:
    """Return how a picture just opened is stored."""
    deep_colours = any(";16" in str(tile[3]) for tile in getattr(picture, "tile", ()))
    return Storage(deep_colours, getattr(picture, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO)


def of_8_bits(picture: Image.Image, stored: Storage, channels: int) -> Image.Image:
    """Return a picture of any mode as grey (1 channel) or RGB (3), 8 bits a channel.

    - Integer greys of 16 or 32 bits: white is the least of 255, 4095, 65535 that holds the brightest pixel,
      so that 8 and 12 bits stored in 16 keep their levels; 2^31 - 1 where that is at least 2^30.
    - Floats: white is 1 where none exceeds it, else as for integers.
    - Colours of 16 bits: the upper byte.
    - With an ICC profile that fits its mode: brought to sRGB.
    - Transparency is composed on white. CMYK, Lab, HSV and palettes go through RGB.

    Raises:
        ValueError: values below zero, not finite or between those depths; colours of 16 bits that use less
            than 12; a mode that Pillow cannot convert. It names the mode.
    """
    if picture.mode.startswith(("I", "F")):
        picture = _scaled(picture, stored.inverted)
    picture = in_srgb(picture)
    if picture.has_transparency_data:
        seen = Image.new("RGBA", picture.size, BACKGROUND)
        picture = Image.alpha_composite(seen, picture.convert("RGBA"))
    if picture.mode not in ("1", "L", "RGB"):
        picture = picture.convert("RGB")
    if stored.deep_colours and picture.mode == "RGB" and _brightest(picture) < LEAST_OF_16_BITS:
        raise ValueError("mode RGB of 16 bits a channel, of which less than 12 are used, is not read")
    return picture.convert("L" if channels == 1 else "RGB")


def _brightest(picture: Image.Image) -> int:
    return max(high for _, high in picture.getextrema())  # type: ignore[misc]


def _scaled(picture: Image.Image, inverted: bool) -> Image.Image:
    """Return a picture of one deep channel in 8 bits."""
    values = np.asarray(picture)
    if not np.isfinite(values).all() or values.min() < 0:
        raise ValueError(f"mode {picture.mode}: has values below zero or not finite")
    brightest = values.max()
    if values.dtype.kind == "f" and brightest <= 1:
        levels = np.rint(255 * values)
    else:
        levels = np.floor(values * (256 / (_white(picture.mode, brightest) + 1)))
    return Image.fromarray((255 - levels if inverted else levels).astype(np.uint8))


def _white(mode: str, brightest: float) -> int:
    for white in WHITES:
        if brightest <= white:
            return white
    if LEAST_OF_32_BITS <= brightest <= WHITE_OF_32_BITS:
        return WHITE_OF_32_BITS
    raise ValueError(f"mode {mode}: values up to {brightest:g} are neither of 8, 12, 16 nor 32 bits")
