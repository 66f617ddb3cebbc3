"""The layouts that people keep pictures in: which file is of which class and part; needs no torch."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.tables import Row, column, read_table
from icv_lightning.errors import UserError

PARTS = {  # the words that Hugging Face's `datasets` knows parts by
    "train": {"train", "training"},
    "val": {"validation", "valid", "val", "dev"},
    "test": {"test", "testing", "eval", "evaluation"},
}
METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")  # of `datasets`, beside pictures
FILE = ("file_name", "file", "filename", "path", "image")
LABEL = ("label", "class", "class_name", "target")
PART = ("split", "part", "subset", "set")

Files = list[tuple[Path, int]]  # pictures, each with the number of its class


class Listing(NamedTuple):
    """The pictures below a folder or in a table.

    Attributes:
        class_names: a class's number is its position here.
        parts: "train", and "val" and "test" where there are such.
        lines: what was passed over or decided, to be said once.
    """

    class_names: list[str]
    parts: dict[str, Files]
    lines: list[str]


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
    found = _of_tables({"": path}) if os.path.isfile(path) else _of_folder(path, finder)
    assert found
    if len(found.class_names) < 2:
        raise UserError(f"{root}: needs at least two classes, found {found.class_names}")
    cut = ["no test part: data.test_fraction of each class is cut from train"] if "val" in found.parts else []
    return found._replace(lines=[*found.lines, *(cut if "test" not in found.parts else []), *finder.lines()])


@cache
def listed_once(root: str) -> Listing:
    """Return `listed(root)` as it was when first asked, until `sizes.look_again`."""
    return listed(root)


def part_of(name: str) -> str | None:
    """Return the part that a folder's name or a word in a table says; None where it says none."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    return next((part for part, known in PARTS.items() if words & known), None)


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
        if part and (_classes(folder / name, finder) or _metadata(folder / name) or not holds):
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
    tables = {part: table for part, path in (parts or {"": folder}).items() if (table := _metadata(path))}
    if tables and (found := _of_tables(tables, optional=True)):
        return found
    train = _unwrapped(parts.get("train", folder), finder)
    names = finder.folders(train)
    if len(names) < 2:
        raise UserError(f"{train}: needs at least two class folders, found {names}")
    places = {"train": train}
    for part in parts.keys() - places:
        known = any(name in names for name in finder.folders(parts[part]))
        places[part] = parts[part] if known else _unwrapped(parts[part], finder)
    found = Listing(names, {part: _in_classes(place, names, finder) for part, place in places.items()}, [])
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


def _in_classes(folder: Path, names: Sequence[str], finder: PictureFinder) -> Files:
    return [(path, k) for k, name in enumerate(names) for path in finder.pictures(folder / name)]


def _check_classes(places: dict[str, Path], found: Listing, finder: PictureFinder) -> None:
    there = {k for _, k in found.parts["train"]}
    if empty := [name for k, name in enumerate(found.class_names) if k not in there]:
        raise UserError(f"{places['train']}: class folders without pictures: {', '.join(empty)}")
    for part, folder in places.items():
        if strangers := set(finder.folders(folder)) - set(found.class_names):
            raise UserError(f"{folder}: classes that train lacks: {', '.join(sorted(strangers))}")
        if not found.parts[part]:
            raise UserError(f"{folder}: no pictures in its class folders")


def _metadata(folder: Path) -> Path | None:
    return next((folder / name for name in METADATA if (folder / name).is_file()), None)


def _of_tables(tables: dict[str, Path], optional: bool = False) -> Listing | None:
    """Return the pictures of tables, each of one part, or under the key "" with a column that says it.

    Of `optional` ones None, where a column is missing.
    """
    found = []
    for part, path in tables.items():
        rows = read_table(path)
        file, label, said = (column(rows, names) for names in (FILE, LABEL, PART))
        if file is None or label is None:
            if optional:
                return None
            raise UserError(
                f"{path}: needs a column of files ({', '.join(FILE)}) and one of labels "
                f"({', '.join(LABEL)}), has {', '.join(rows[0])}"
            )
        found += [(part or _part_in(path, row, said), _beside(path, row[file]), row[label]) for row in rows]
    parts = [part for part in PARTS if any(part == own for own, *_ in found)]
    if "train" not in parts:
        raise UserError(f"{path}: has {' and '.join(parts)}, but no train part")
    names = _in_order({label for part, _, label in found if part == "train"})
    if strangers := {label for *_, label in found} - set(names):
        raise UserError(f"{path}: classes that train lacks: {', '.join(_in_order(strangers))}")
    number = {name: k for k, name in enumerate(names)}
    files = {part: [(f, number[label]) for own, f, label in found if own == part] for part in parts}
    return Listing(names, files, [])


def _part_in(path: Path, row: Row, said: str | None) -> str:
    if said is None:
        return "train"
    part = part_of(row[said])
    if part is None:
        known = ", ".join(sorted(word for words in PARTS.values() for word in words))
        raise UserError(f"{path}: {said} {row[said]!r} is no part; must be one of {known}")
    return part


def _beside(path: Path, name: str) -> Path:
    """Return the file that a table names, written as on Windows or not."""
    file = path.parent / Path(name).expanduser()
    return path.parent / name.replace("\\", os.sep) if "\\" in name and not file.exists() else file


def _in_order(labels: set[str]) -> list[str]:
    return sorted(labels, key=int) if all(label.isdecimal() for label in labels) else sorted(labels)
