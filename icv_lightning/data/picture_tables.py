"""Tables of pictures: a row names a file, its class and perhaps its part; needs no torch."""

import os
from pathlib import Path

from icv_lightning.data.listing import PARTS, Listing, part_of
from icv_lightning.data.tables import Row, column, read_table
from icv_lightning.errors import UserError

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")  # of `datasets`, beside pictures
FILE = ("file_name", "file", "filename", "path", "image")
LABEL = ("label", "class", "class_name", "target")
PART = ("split", "part", "subset", "set")


def metadata(folder: Path) -> Path | None:
    """Return the table of its pictures that a folder holds, if any."""
    return next((folder / name for name in METADATA if (folder / name).is_file()), None)


def of_tables(tables: dict[str, Path], optional: bool = False) -> Listing | None:
    """Return the pictures of tables, each of one part, or under the key "" with a column that says it.

    Of `optional` ones None, where a column is missing.

    Raises:
        UserError: a column that is missing, a word that is no part, no train part, or classes that it lacks.
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
