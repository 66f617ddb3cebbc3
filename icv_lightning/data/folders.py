"""Picture files below folders, found by name and in doubt by content; needs no torch."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from icv_lightning.errors import UserError

# Pillow looks at the content, not at the name, and some of its readers start other programs (EPS).
FORMATS = ("AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
SUFFIXES = frozenset({
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo",
    ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
})  # fmt: skip
OF_EXTRA = frozenset({".heic", ".heif"})
# What file managers, archivers and servers leave behind, beside all that starts with a dot.
CLUTTER = frozenset({"__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin"})
MAX_LISTED = 5


class PictureFinder:
    """Finds class folders and pictures, the same way for all commands, and keeps what it passed over.

    A file is a picture by its suffix, or where that says nothing, by its content. Links are followed, and
    no folder is entered twice. Hidden files and what other programs leave behind are passed over.
    """

    def __init__(self) -> None:
        self._clutter: set[str] = set()
        self._others: set[str] = set()
        self._listed: dict[str, list[os.DirEntry[str]]] = {}

    def folders(self, folder: Path) -> list[str]:
        """Return the sorted names of the folders in `folder`.

        Raises:
            UserError: it cannot be listed, or holds a link that leads nowhere: a class would be missing.
        """
        entries = self._entries(folder)
        if broken := [e.path for e in entries if e.is_symlink() and not os.path.exists(e)]:
            raise UserError(f"{broken[0]}: a link that leads nowhere")
        return [entry.name for entry in entries if _is_folder(entry)]

    def files(self, folder: Path) -> list[Path]:
        """Return the sorted pictures in `folder` itself; raise `UserError` where it cannot be listed."""
        return [Path(e.path) for e in self._entries(folder) if not _is_folder(e) and self._is_picture(e)]

    def pictures(self, folder: Path) -> list[Path]:
        """Return the pictures in `folder` and below, sorted; none where it does not exist."""
        return list(self._walked(folder, set())) if folder.is_dir() else []

    def holds_pictures(self, folder: Path) -> bool:
        """Tell whether there is a picture in `folder` or below."""
        return any(True for _ in self._walked(folder, set()))

    def lines(self) -> list[str]:
        """Say what was passed over: a line for clutter, and one for files that are no pictures."""
        said = []
        if self._clutter:
            said.append(f"passed over: {_counted(os.path.basename(path) for path in self._clutter)}")
        if self._others:
            suffixes = [os.path.splitext(path)[1].lower() or "no suffix" for path in self._others]
            advice = "; .heic needs pip install 'icv-lightning[heic]'" if OF_EXTRA & {*suffixes} else ""
            said.append(f"left out, no pictures that can be read: {_counted(iter(suffixes))}{advice}")
        return said

    def _walked(self, folder: Path | str, entered: set[str]) -> Iterator[Path]:
        real = os.path.realpath(folder)
        if real in entered:  # a link to a folder above
            return
        entered.add(real)
        for entry in self._entries(folder):
            if _is_folder(entry):
                yield from self._walked(entry.path, entered)
            elif self._is_picture(entry):
                yield Path(entry.path)

    def _entries(self, folder: Path | str) -> list[os.DirEntry[str]]:
        """Return what `folder` holds, sorted by name, without clutter; the disk is asked once."""
        if (known := self._listed.get(str(folder))) is not None:
            return known
        try:
            with os.scandir(folder) as found:  # asks nothing of the disk beyond the listing, links apart
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise UserError(f"{folder}: not a folder that can be read ({error.strerror})") from error
        clutter = {e.path for e in entries if e.name.startswith(".") or e.name.lower() in CLUTTER}
        self._clutter |= clutter
        kept = [entry for entry in entries if entry.path not in clutter] if clutter else entries
        self._listed[str(folder)] = kept
        return kept

    def _is_picture(self, entry: os.DirEntry[str]) -> bool:
        suffix = os.path.splitext(entry.name)[1].lower()
        found = suffix in SUFFIXES or _opens(entry.path)
        if not found:
            self._others.add(entry.path)
        return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


@cache
def formats() -> tuple[str, ...]:
    """Return the formats of pictures that are read here: those of `FORMATS` that Pillow was built with."""
    from PIL import Image

    try:
        from pillow_heif import register_heif_opener

        register_heif_opener()
    except ImportError:
        pass
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _opens(path: str) -> bool:
    """Tell whether a file's content begins as a picture does."""
    from PIL import Image

    if not os.path.isfile(path):  # opening a pipe would wait for ever
        return False
    try:
        with Image.open(path, formats=formats()):
            return True
    except Exception:  # Pillow raises many kinds for what is none
        return False


def _counted(names: Iterator[str]) -> str:
    """Return names with how often each was there, the most frequent first."""
    found = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    said = [f"{count} {name}" if count > 1 else name for name, count in found[:MAX_LISTED]]
    return ", ".join([*said, *([f"{len(found) - MAX_LISTED} more kinds"] if len(found) > MAX_LISTED else [])])
