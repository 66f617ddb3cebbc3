"""The layouts that people keep pictures in: folders of classes, of parts, and tables; needs no torch."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.listing import Listing, part_of
from icv_lightning.data.picture_tables import metadata, of_tables
from icv_lightning.errors import UserError


def listed(root: str | Path) -> Listing:
    """Return the pictures of `root`, whichever of these layouts it has.

    - `<class>/`, or `<part>/<class>/` with parts called by any of the words in `PARTS`, in any case, alone
      or within a name (seg_train); classes may have folders of their own; folders that wrap one of these;
    - a CSV, TSV, JSON-lines or Parquet table with the columns file, label and, for parts, split (`FILE`,
      `LABEL`, `PART`), whose files are relative to its folder;
    - such a table called metadata in the folder, or in the folder of each part.

    Classes are numbered in the order of their sorted names, labels that are all numbers in theirs.

    Raises:
        UserError: what is wrong, in one line that begins with the file or folder.
    """
    path, finder = Path(root).expanduser(), PictureFinder()
    # not path.is_file(), which raises where a folder above is closed; the finder says so of its folder
    found = of_tables({"": path}) if os.path.isfile(path) else _of_folder(path, finder)
    assert found
    if len(found.class_names) < 2:
        raise UserError(f"{root}: needs at least two classes, found {found.class_names}")
    cut = ["no test part: data.test_fraction of each class is cut from train"] if "val" in found.parts else []
    return found._replace(lines=[*found.lines, *(cut if "test" not in found.parts else []), *finder.lines()])


@cache
def listed_once(root: str) -> Listing:
    """Return `listed(root)` as it was when first asked, until `sizes.look_again`."""
    return listed(root)


def folders_of_parts(folder: Path, finder: PictureFinder) -> dict[str, Path]:
    """Return the parts in `folder`; none where folders of such names are classes.

    A part holds class folders, or a table of its pictures.

    Raises:
        UserError: two folders for one part, none to train on, or one part beside what look like classes.
    """
    found: dict[str, Path] = {}
    beside = []
    for name in finder.folders(folder):
        part, holds = part_of(name), finder.holds_pictures(folder / name)
        if part and (_classes(folder / name, finder) or metadata(folder / name) or not holds):
            if part in found:
                raise UserError(f"{folder}: {found[part].name} and {name} are both a {part} part; keep one")
            found[part] = folder / name
        elif holds:
            beside.append(name)
    if "train" not in found and (beside or not found):
        return {}
    if "train" not in found:
        raise UserError(f"{folder}: has {' and '.join(sorted(found))}, but no train part")
    if len(found) == 1 and (classes := [name for name in beside if not part_of(name)]):
        raise UserError(
            f"{found['train']}: holds class folders as a training part does, beside {', '.join(classes)}; "
            "keep one"
        )
    return found


def _of_folder(root: Path, finder: PictureFinder) -> Listing:
    folder, parts = root, folders_of_parts(root, finder)
    if not parts:
        folder = _unwrapped(root, finder)
        parts = folders_of_parts(folder, finder)
    tables = {part: table for part, path in (parts or {"": folder}).items() if (table := metadata(path))}
    if tables and (found := of_tables(tables, optional=True)):
        return found
    train = _unwrapped(parts.get("train", folder), finder)
    names = finder.folders(train)
    if len(names) < 2:
        raise UserError(f"{train}: needs at least two class folders, found {names}")
    places = {"train": train}
    for part in parts.keys() - places:
        known = any(name in names for name in finder.folders(parts[part]))
        places[part] = parts[part] if known else _unwrapped(parts[part], finder)
    files = {
        part: [(path, k) for k, name in enumerate(names) for path in finder.pictures(place / name)]
        for part, place in places.items()
    }
    found = Listing(names, files, [])
    _check_classes(places, found, finder)
    return found._replace(lines=list(_decisions(root, folder, parts, places, finder)))


def _decisions(
    root: Path, folder: Path, parts: dict[str, Path], places: dict[str, Path], finder: PictureFinder
) -> Iterator[str]:
    """Say which pictures below `root` are taken, and which are not."""
    if folder != root:
        yield f"{root}: pictures are taken from {folder.relative_to(root)}"
    others = [name for name in finder.folders(folder) if parts and folder / name not in parts.values()]
    if others:
        yield f"{folder}: no parts with class folders, passed over: {', '.join(others)}"
    if loose := sum(len(finder.files(place)) for place in {folder, *places.values()}):
        yield f"{folder}: {loose} pictures outside class folders are left out"


def _unwrapped(folder: Path, finder: PictureFinder) -> Path:
    """Return `folder`, or what it wraps: a folder of folders of pictures that is all that it holds."""
    inner = [name for name in finder.folders(folder) if finder.holds_pictures(folder / name)]
    if len(inner) != 1 or finder.files(folder) or not _classes(folder / inner[0], finder):
        return folder
    return _unwrapped(folder / inner[0], finder)


def _classes(folder: Path, finder: PictureFinder) -> bool:
    """Tell whether `folder` holds folders of pictures."""
    return any(finder.holds_pictures(folder / name) for name in finder.folders(folder))


def _check_classes(places: dict[str, Path], found: Listing, finder: PictureFinder) -> None:
    there = {k for _, k in found.parts["train"]}
    if empty := [name for k, name in enumerate(found.class_names) if k not in there]:
        raise UserError(f"{places['train']}: class folders without pictures: {', '.join(empty)}")
    for part, folder in places.items():
        if strangers := set(finder.folders(folder)) - set(found.class_names):
            raise UserError(f"{folder}: classes that train lacks: {', '.join(sorted(strangers))}")
        if not found.parts[part]:
            raise UserError(f"{folder}: no pictures in its class folders")
