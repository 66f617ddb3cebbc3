"""The brightness of every mode that Pillow reads."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.errors import UserError

RAMP = np.linspace(0, 1, 1024).reshape(32, 32)


def levels(path: Path, channels: int = 1) -> np.ndarray:
    return read_picture(path, PictureInput(channels, 32, 32)).numpy()


DEEP = {
    "float to 1": (RAMP.astype(np.float32), "tiff"),
    "float to 255": ((255 * RAMP).astype(np.float32), "tiff"),
    "float to 65535": ((65535 * RAMP).astype(np.float32), "tiff"),
    "8 bits in 16": ((255 * RAMP).astype(np.uint16), "png"),
    "12 bits in 16": ((4095 * RAMP).astype(np.uint16), "png"),
    "16 bits": ((65535 * RAMP).astype(np.uint16), "png"),
    "16 bits, tiff": ((65535 * RAMP).astype(np.uint16), "tiff"),
    "12 bits in 32": ((4095 * RAMP).astype(np.int32), "tiff"),
    "16 bits in 32": ((65535 * RAMP).astype(np.int32), "tiff"),
    "32 bits": (((2**31 - 1) * RAMP).astype(np.int32), "tiff"),
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_deep_ramp_keeps_its_256_levels(tmp_path, name, channels):
    pixels, suffix = DEEP[name]
    Image.fromarray(pixels).save(tmp_path / f"ramp.{suffix}")
    found = levels(tmp_path / f"ramp.{suffix}", channels)
    assert found.min() == 0
    assert found.max() == 255
    assert len(np.unique(found)) > 250
    assert (np.diff(found[0].ravel().astype(int)) >= 0).all()  # brighter stays brighter: nothing wraps


def test_true_16_bits_are_their_upper_byte(tmp_path):
    pixels = (65535 * RAMP).astype(np.uint16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (levels(tmp_path / "a.png")[0] == pixels >> 8).all()


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (RAMP.astype(np.float32) - 0.5, r"mode F: has values below zero or not finite"),
        (np.full((4, 4), np.nan, np.float32), r"mode F: has values below zero or not finite"),
        (
            (1e6 * RAMP).astype(np.float32),
            r"mode F: values up to 1e\+06 are neither of 8, 12, 16 nor 32",
        ),
        ((1e6 * RAMP).astype(np.int32), r"mode I: values up to 1e\+06 are neither"),
        (-(5 * RAMP).astype(np.int32), r"mode I: has values below zero"),
    ],
)
def test_what_has_no_known_white_is_refused_by_its_mode(tmp_path, pixels, message):
    Image.fromarray(pixels).save(tmp_path / "a.tiff")
    with pytest.raises(UserError, match=rf"a.tiff: unreadable picture \({message}"):
        levels(tmp_path / "a.tiff")


def colours(mode: str) -> Image.Image:
    """A picture whose RGB is (200, 100, 50), in another mode."""
    rgb = Image.new("RGB", (4, 4), (200, 100, 50))
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(rgb, *profiles, outputMode="LAB")
    return rgb.convert(mode)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("LAB", "tiff"), ("CMYK", "tiff"), ("CMYK", "jpg"), ("YCbCr", "jpg"), ("YCbCr", "tiff"), ("P", "gif")],
)
def test_colours_are_as_a_person_sees_them(tmp_path, mode, suffix):
    colours(mode).save(tmp_path / f"a.{suffix}")
    assert levels(tmp_path / f"a.{suffix}", 3)[:, 9, 9].tolist() == pytest.approx([200, 100, 50], abs=4)
    assert int(levels(tmp_path / f"a.{suffix}")[0, 9, 9]) == pytest.approx(124, abs=4)


def transparent(mode: str) -> Image.Image:
    """A black stroke in the left half on a transparent ground of black."""
    alpha = np.zeros((4, 4), np.uint8)
    alpha[:, :2] = 255
    image = Image.merge("LA", (Image.new("L", (4, 4)), Image.fromarray(alpha)))
    if mode == "P":
        image = Image.fromarray(alpha // 255).convert("P")
        image.putpalette([0, 0, 0, 0, 0, 0])
        return image
    return image.convert(mode)


@pytest.mark.parametrize(("mode", "options"), [("LA", {}), ("RGBA", {}), ("P", {"transparency": 0})])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_transparent_shows_a_white_ground(tmp_path, mode, options, channels):
    transparent(mode).save(tmp_path / "a.png", **options)
    found = read_picture(tmp_path / "a.png", PictureInput(channels, 4, 4))
    assert found[:, :, :2].unique().tolist() == [0]
    assert found[:, :, 2:].unique().tolist() == [255]


def test_half_transparent_is_half_white(tmp_path):
    Image.new("RGBA", (4, 4), (200, 100, 50, 128)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", PictureInput(3, 4, 4))[:, 0, 0].tolist() == [227, 177, 152]


def test_a_palette_with_a_transparent_colour_of_png_and_gif(tmp_path):
    image = Image.new("RGB", (4, 4), (10, 20, 30))
    image.save(tmp_path / "a.png", transparency=(10, 20, 30))
    assert read_picture(tmp_path / "a.png", PictureInput(3, 4, 4)).unique().tolist() == [255]


def test_white_is_zero_in_tiff(tmp_path):
    Image.fromarray((65535 * RAMP).astype(np.uint16)).save(tmp_path / "a.tiff", tiffinfo={262: 0})
    with Image.open(tmp_path / "a.tiff") as image:
        if image.tag_v2[262] != 0:
            pytest.skip("Pillow writes its own tag")
    assert levels(tmp_path / "a.tiff")[0, 0, 0] == 255


def test_colours_of_8_bits_in_16_are_refused(tmp_path):
    """Pillow keeps the upper byte alone, which holds nothing there."""
    import struct
    import zlib

    def png(scale: int) -> bytes:
        rows = b"".join(b"\0" + (np.full((4, 3), scale, ">u2")).tobytes() for _ in range(4))
        chunks = {
            b"IHDR": struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0),
            b"IDAT": zlib.compress(rows),
            b"IEND": b"",
        }
        parts = [
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks.items()
        ]
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

    (tmp_path / "a.png").write_bytes(png(200))
    with pytest.raises(UserError, match="mode RGB of 16 bits a channel, of which less than 12 are used"):
        levels(tmp_path / "a.png", 3)
    (tmp_path / "a.png").write_bytes(png(200 << 8))
    assert np.unique(levels(tmp_path / "a.png", 3)).tolist() == [200]
