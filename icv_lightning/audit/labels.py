"""Classes and the like that stand apart from embeddings: in a table, or in the list of a set of the field."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.audit.vectors import TABLES, Vectors, known_columns, read_frame
from icv_lightning.data.file_lists import READERS, Listed, read_file_list
from icv_lightning.errors import UserError


def with_labels(vectors: Vectors, labels: Path) -> Vectors:
    """Return the vectors with what a table, or the list of a set of the field, says of their pictures.

    Raises:
        UserError: a table without classes, or that says nothing of some pictures.
    """
    columns = _label_columns(labels)
    known = known_columns(columns)
    if "target" not in known:
        raise UserError(f"--labels {labels}: needs a column label, has {', '.join(map(str, columns))}")
    if vectors.files is not None and "files" in known:
        rows = _positions(vectors.files, known["files"], labels)
        known = {name: column[rows] for name, column in known.items()} | {"files": vectors.files}
    elif len(known["target"]) != len(vectors.embeddings):
        raise UserError(
            f"--labels {labels}: {len(known['target'])} rows for the {len(vectors.embeddings)} embeddings of "
            f"{vectors.source}"
        )
    return replace(vectors, **known)  # type: ignore[arg-type]


def _label_columns(labels: Path) -> Mapping[str, Any]:
    """Return the columns of a table, or of the list of a set of the field, written `cub200:<folder>`."""
    name, is_set, root = str(labels).partition(":")
    if is_set and name in READERS:
        listed = read_file_list(name, root)
        return dict(zip(Listed._fields, zip(*listed, strict=True), strict=True))
    if labels.suffix not in TABLES or not labels.is_file():
        sets = ", ".join(f"{name}:FOLDER" for name in READERS)
        raise UserError(f"--labels {labels}: must be a .csv or .parquet file that is there, or one of {sets}")
    columns: Mapping[str, Any] = read_frame(labels)
    return columns


def _positions(files: np.ndarray, listed: np.ndarray, labels: Path) -> list[int]:
    """Return where each of `files` stands in the list, folders before the listed path left out."""
    places = {str(name): k for k, name in enumerate(listed)}

    def place(file: str) -> int | None:
        parts = file.split("/")
        tails = ("/".join(parts[k:]) for k in range(len(parts)))
        return next((places[tail] for tail in tails if tail in places), None)

    found = [place(str(file)) for file in files]
    if missing := [file for file, k in zip(files, found, strict=True) if k is None]:
        raise UserError(
            f"--labels {labels}: says nothing of {len(missing)} of {len(files)} files, e.g. {missing[0]}"
        )
    return [k for k in found if k is not None]
