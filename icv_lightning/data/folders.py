"""Folders of classes and their picture files, listed by name alone; needs no torch."""

import os
from pathlib import Path

from icv_lightning.errors import UserError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def class_folders(folder: Path) -> list[str]:
    """Return the sorted names of the folders in `folder`, hidden ones left out.

    Raises:
        UserError: it cannot be listed, or holds a link that leads nowhere: a class would be missing.
    """
    try:
        with os.scandir(folder) as found:  # asks nothing of the disk beyond the listing, links apart
            entries = sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise UserError(f"{folder}: not a folder that can be read ({error.strerror})") from error
    if broken := [entry.path for entry in entries if entry.is_symlink() and not os.path.exists(entry)]:
        raise UserError(f"{broken[0]}: a link that leads nowhere")
    return [entry.name for entry in entries if entry.is_dir()]


def pictures(folder: Path) -> list[Path]:
    """Return the sorted picture files of a class folder, by suffix; none where it does not exist."""
    return sorted(p for p in folder.glob("[!.]*") if p.suffix.lower() in SUFFIXES)
