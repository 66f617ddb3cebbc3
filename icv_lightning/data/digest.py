"""What pictures a run was trained on, as a digest that tells another set of them from it; needs no torch."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.layouts import listed_once
from icv_lightning.errors import UserError, first_few

SAMPLE = 2**16  # bytes of each file that count, from its middle: all of a small picture
MAX_LISTED = 3  # classes that a message names
_known: dict[str, dict[str, Any]] = {}  # the cells of a grid share their pictures


def pictures_digest(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the digest of the files of a data set which a user can change; None for other data sets.

    A data set names their folder or table in its YAML file, as `about.pictures`.

    Args:
        data: the resolved `data` node.

    Raises:
        UserError: they cannot be listed.
    """
    place = (data.get("about") or {}).get("pictures")
    if place is None:
        return None
    folder = Path(str(place)).expanduser()
    try:
        names, parts, _ = listed_once(str(place))
        files = {path: f"{part}/{names[k]}" for part, listed in parts.items() for path, k in listed}
    except UserError:  # of persons in other layouts
        files = {path: path.parent.name for path in PictureFinder().pictures(folder)}
    return files_digest(folder if folder.is_dir() else folder.parent, files)


def files_digest(folder: Path, files: Mapping[Path, str]) -> dict[str, Any]:
    """Return what some files are, wherever their folder lies.

    Args:
        folder: folder that names are relative to.
        files: each with its class.

    Returns:
        `sha256` of their names, classes, sizes and contents (of a large file, 64 KiB from its middle), and
        `files`, how many there are of each class.
    """
    found = sorted((os.path.relpath(path, folder), kind, path, path.stat()) for path, kind in files.items())
    stamps = _sha256(f"{path} {kind} {stat.st_size} {stat.st_mtime_ns}" for _, kind, path, stat in found)
    if stamps not in _known:
        whole = _sha256(
            f"{name} {kind} {stat.st_size} {_content(path, stat.st_size)}" for name, kind, path, stat in found
        )
        _known[stamps] = {"sha256": whole, "files": dict(sorted(Counter(files.values()).items()))}
    return _known[stamps]


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say how `now` differs from `before`, two digests; nothing where they are equal."""
    if before.get("sha256") == now.get("sha256"):
        return []
    counts = before.get("files")
    old, new = Counter(counts if isinstance(counts, Mapping) else {}), Counter(now["files"])
    gone, come = sorted(old.keys() - new), sorted(new.keys() - old)
    said = [f"without {_some(gone)}"] * bool(gone) + [f"with {_some(come)}"] * bool(come)
    for word, count in {"more": (new - old).total(), "fewer": (old - new).total()}.items():
        said += [f"{count} pictures {word}"] * bool(count)
    return said or ["as many pictures, but others"]


def _some(names: list[str]) -> str:
    return first_few(names, MAX_LISTED, "other classes")


def _content(path: Path, size: int) -> str:
    with path.open("rb") as file:
        file.seek(max(0, (size - SAMPLE) // 2))
        return hashlib.sha256(file.read(SAMPLE)).hexdigest()


def _sha256(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode(errors="surrogateescape") + b"\n")
    return digest.hexdigest()
