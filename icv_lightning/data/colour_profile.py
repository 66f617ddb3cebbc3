"""Colours as their profile says: a picture with an ICC profile of its own is brought to sRGB."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

MODES = ("L", "RGB", "RGBA", "CMYK", "LAB")


def in_srgb(picture: Image.Image) -> Image.Image:
    """Return a picture of 8 bits in sRGB where it has a profile that fits its mode; else as it is."""
    profile = picture.info.get("icc_profile")
    if not isinstance(profile, bytes) or picture.mode not in MODES:
        return picture
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    opaque = picture if alpha is None else picture.convert("RGB")
    transform = _transform(profile, opaque.mode)
    if transform is None:
        return picture
    seen = transform.apply(opaque)
    if alpha is not None:
        seen.putalpha(alpha)
    return seen


@lru_cache(maxsize=16)  # pictures of one camera have one profile
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.ImageCmsTransform(own, _srgb(), mode, "RGB")
    except (OSError, ValueError, ImageCms.PyCMSError):  # damaged, or of another kind of picture
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
