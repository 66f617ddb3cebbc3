"""Decoded pictures in a file that later runs map into memory at once, and that the cells of a grid share."""

import hashlib
import json
import logging
import math
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from filelock import FileLock
from torch import Tensor

from icv_lightning.data.decoding import PARALLEL_FROM, LazyImages, attempts, decode_all
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.records.files import replaced, write_text

log = logging.getLogger(__name__)
VERSION = 2  # of how pictures are brought to a network's input; another one reads them again
PIXELS, FACTS = ".pixels", ".json"


class Pictures(NamedTuple):
    """Pictures read from files, and what could not be read.

    Attributes:
        images: the images that can be read, uint8 M x C x H x W, or what decodes them on demand.
        unreadable: why the others cannot, by their position among the files.
    """

    images: Tensor | LazyImages
    unreadable: dict[int, str]


def read_pictures(
    files: Sequence[Path],
    taken: PictureInput,
    memory_gb: float,
    cache: Path | None = None,
    quiet: bool = True,
) -> Pictures:
    """Return all pictures of a data set, decoded where they take no more than `memory_gb`.

    More of them are decoded on demand; all are tried once, so that none is found unreadable in the middle of
    training. With a `cache`, what was read is kept there (500 pictures or more, and `memory_gb` in all) and
    read again where names, sizes or times of the files changed.

    Args:
        files: picture files, in order.
        taken: size and channels of the images.
        memory_gb: memory for decoded pictures, in 10^9 bytes.
        cache: a folder; None for none.
        quiet: say nothing about progress.
    """
    most = memory_gb * 1e9
    fits = len(files) * math.prod(taken.shape) <= most
    if cache is None or len(files) < PARALLEL_FROM:
        return _read(files, taken, fits, quiet)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        place = cache / _key(files, taken, fits)
        with FileLock(place.with_suffix(".lock")):
            found = _kept(place, files, taken, fits)
            if found is None:
                _make_room(cache, most - len(files) * math.prod(taken.shape))
                _write(place, files, taken, fits, quiet)
                found = _kept(place, files, taken, fits)
    except OSError as error:
        log.info("%s: pictures cannot be kept there (%s)", cache, error)
        found = None
    return found or _read(files, taken, fits, quiet)


def _read(files: Sequence[Path], taken: PictureInput, fits: bool, quiet: bool) -> Pictures:
    decode = partial(read_picture, taken=taken)
    if fits:
        return Pictures(*decode_all(files, decode, taken.shape, quiet))
    unreadable = {k: why for _, bad in attempts(files, decode, False, quiet) for k, why in bad.items()}
    return _on_demand(files, taken, unreadable)


def _on_demand(files: Sequence[Path], taken: PictureInput, unreadable: dict[int, str]) -> Pictures:
    good = [path for k, path in enumerate(files) if k not in unreadable]
    return Pictures(LazyImages(good, partial(read_picture, taken=taken)), unreadable)


def _key(files: Sequence[Path], taken: PictureInput, fits: bool) -> str:
    """Return a digest of these files as they are now."""
    found = hashlib.sha256(f"{VERSION} {tuple(taken)} {fits}".encode())
    found.update(os.fsencode(os.getcwd()))  # names may be relative to it
    for name in map(str, files):
        try:
            facts = os.stat(name)
            size_and_time = f"{facts.st_size} {facts.st_mtime_ns}"
        except OSError:
            size_and_time = "absent"
        found.update(os.fsencode(f"{name}\0{size_and_time}\n"))
    return found.hexdigest()[:32]


def _kept(place: Path, files: Sequence[Path], taken: PictureInput, fits: bool) -> Pictures | None:
    """Return what is kept under a name; None where it is not there, or not whole."""
    try:
        unreadable = {int(k): str(why) for k, why in json.loads(place.with_suffix(FACTS).read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return None
    pixels, count = place.with_suffix(PIXELS), len(files) - len(unreadable)
    size = count * math.prod(taken.shape) if fits else 0
    if not pixels.is_file() or pixels.stat().st_size != size:
        return None
    os.utime(pixels)  # those used longest ago are removed first
    if not size:
        return _on_demand(files, taken, unreadable)
    images = torch.from_file(str(pixels), shared=False, size=size, dtype=torch.uint8)
    return Pictures(images.view(count, *taken.shape), unreadable)


def _write(place: Path, files: Sequence[Path], taken: PictureInput, fits: bool, quiet: bool) -> None:
    decode = partial(read_picture, taken=taken)
    unreadable: dict[int, str] = {}
    with replaced(place.with_suffix(PIXELS)) as file:
        for images, reasons in attempts(files, decode, fits, quiet):
            unreadable |= reasons
            if len(images):
                file.write(images.numpy().tobytes())
    write_text(place.with_suffix(FACTS), json.dumps(unreadable))


def _make_room(folder: Path, most: float) -> None:
    """Remove the pictures used longest ago until at most `most` bytes are left; runs that map them go on."""
    kept = sorted(folder.glob(f"*{PIXELS}"), key=lambda path: path.stat().st_mtime)
    total = sum(path.stat().st_size for path in kept)
    while kept and total > most:
        oldest = kept.pop(0)
        total -= oldest.stat().st_size
        oldest.unlink(missing_ok=True)
        oldest.with_suffix(FACTS).unlink(missing_ok=True)
