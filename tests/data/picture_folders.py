"""Folders of small pictures, and listings of them in short."""

from pathlib import Path

from PIL import Image

from icv_lightning.data.layouts import listed
from icv_lightning.data.listing import Listing

CLASSES = ("ant/1.png", "bee/1.png")


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(path, format="PNG")
    return root


def said(root: Path, found: Listing) -> dict[str, list[tuple[str, str]]]:
    """The listing as (file, class) by part."""
    return {
        part: [(str(path.relative_to(root)), found.class_names[k]) for path, k in files]
        for part, files in found.parts.items()
    }


def classes_of(root: Path) -> dict[str, list[str]]:
    return {part: [name for _, name in files] for part, files in said(root, listed(root)).items()}
