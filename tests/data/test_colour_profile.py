"""Pictures with a profile of colours of their own."""

from pathlib import Path

import pytest
import torch
from PIL import Image, ImageCms

from icv_lightning.data.picture import PictureInput, read_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EXCHANGED = SRGB.replace(b"rXYZ", b"xxxx", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"xxxx", b"bXYZ", 1)


def seen(folder: Path, picture: Image.Image, profile: bytes | None, suffix: str = "png") -> torch.Tensor:
    path = folder / f"a.{suffix}"
    picture.save(path, icc_profile=profile)
    return read_picture(path, PictureInput(3, 4, 4))[:, 0, 0].int()


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_a_profile_whose_red_is_blue_is_seen_so(tmp_path, suffix):
    red = Image.new("RGB", (4, 4), (255, 0, 0))
    for profile, colour in ((None, (255, 0, 0)), (SRGB, (255, 0, 0)), (EXCHANGED, (0, 0, 255))):
        found = seen(tmp_path, red, profile, suffix)
        assert (found - torch.tensor(colour)).abs().max() <= 3  # losses of JPEG and WebP


def test_transparency_stays(tmp_path):
    found = seen(tmp_path, Image.new("RGBA", (4, 4), (255, 0, 0, 0)), EXCHANGED)
    assert found.tolist() == [255, 255, 255]
    found = seen(tmp_path, Image.new("RGBA", (4, 4), (255, 0, 0, 255)), EXCHANGED)
    assert (found - torch.tensor((0, 0, 255))).abs().max() <= 1


@pytest.mark.parametrize("profile", [b"nonsense", SRGB[:200], b"\0" * 128])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_profile_that_cannot_be_used_is_passed_over(tmp_path, profile, mode):
    colour = 77 if mode == "L" else (10, 20, 30)
    found = seen(tmp_path, Image.new(mode, (4, 4), colour), profile).tolist()
    assert found == ([77, 77, 77] if mode == "L" else [10, 20, 30])


def test_grey_with_a_profile_of_colours_stays(tmp_path):
    assert seen(tmp_path, Image.new("L", (4, 4), 77), SRGB).tolist() == [77, 77, 77]
