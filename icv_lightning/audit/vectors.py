"""Embeddings and what is known of each picture, from arrays or from files of anybody."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.data.file_lists import READERS, Listed, read_file_list
from icv_lightning.errors import UserError, reason
from icv_lightning.records.checkpoints import read_checkpoint
from icv_lightning.records.snapshots import read_snapshot

ALIASES = {
    "target": ("target", "label", "labels"),
    "files": ("files", "file", "path"),
    "preds": ("preds", "class"),
}
UNKNOWN = -1  # what a snapshot says of pictures whose answer it does not keep
TABLES = (".csv", ".parquet")


@dataclass(frozen=True, eq=False)
class Vectors:
    """Embeddings of M pictures, and what is known of each.

    Attributes:
        source: where they come from, for titles.
        embeddings: M x N.
        target: M, names or numbers of classes; None where nothing says them.
        split: M words, "train" for what rules are fitted on and "test" for what they are asked for.
        files: M, names of pictures.
        is_query: M, whether it searches, with `is_gallery`: whether it is searched.
        is_gallery: M.
        centroids: K x N, in the order of the sorted classes.
        weight: K x N in the same order, of the model's linear scores.
        preds: M, classes that the model itself gave.
    """

    source: str
    embeddings: np.ndarray
    target: np.ndarray | None = None
    split: np.ndarray | None = None
    files: np.ndarray | None = None
    is_query: np.ndarray | None = None
    is_gallery: np.ndarray | None = None
    centroids: np.ndarray | None = None
    weight: np.ndarray | None = None
    preds: np.ndarray | None = None


OF_CLASSES = ("centroids", "weight")
OF_PICTURES = ("target", "split", "files", "is_query", "is_gallery", "preds")


def read_vectors(path: Path, labels: Path | None = None) -> Vectors:
    """Return the embeddings in `path`, with classes from `labels` where they stand apart.

    - `.npz`: arrays by the names of `Vectors`, or `train_embeddings`, `train_target`, `test_embeddings`, …;
    - `.npy`: M x N numbers;
    - `.csv`, `.parquet`: a row a picture, columns by these names (`label` and `file` will do), and the
      embeddings as one column `embedding` of lists or as all other columns of numbers;
    - a folder: a run of this project.

    Args:
        path: a file of one of these kinds.
        labels: CSV or Parquet of the columns that are no embeddings, or `cub200:<folder>` and the like (see
            `read_file_list`); in the order of the embeddings or, where both have files, of these files.

    Raises:
        UserError: a file that is not so.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    if path.is_dir():
        found = _of_run(path)
    elif path.suffix == ".npz":
        found = _of_arrays(path, _arrays(path))
    elif path.suffix == ".npy":
        found = Vectors(str(path), np.asarray(_load(path)))
    elif path.suffix in TABLES:
        found = _of_table(path)
    else:
        raise UserError(f"{path}: must be .npz, .npy, .csv, .parquet or the folder of a run")
    return found if labels is None else _with_labels(found, labels)


def _load(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not an array file that can be read: {reason(error)}") from error


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with _load(path) as arrays:
        try:
            return {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise UserError(f"{path}: holds arrays that cannot be read: {reason(error)}") from error


def _of_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> Vectors:
    part = "test" if "test_embeddings" in arrays else "val"
    if "train_embeddings" in arrays and f"{part}_embeddings" in arrays:
        names = [name for name in ("embeddings", "target") if f"train_{name}" in arrays]
        of_classes = {name: arrays[name] for name in OF_CLASSES if name in arrays}
        both = {name: np.concatenate([arrays[f"{p}_{name}"] for p in ("train", part)]) for name in names}
        sizes = [len(arrays[f"{p}_embeddings"]) for p in ("train", part)]
        both["split"] = np.repeat(["train", "test"], sizes)
        arrays = both | of_classes
    if "embeddings" not in arrays:
        raise UserError(f"{path}: needs the array embeddings, has {', '.join(arrays) or 'none'}")
    centres = {name: arrays.get(name) for name in OF_CLASSES}
    return Vectors(str(path), arrays["embeddings"], **centres, **_known(arrays))


def _known(columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return what is there of the fields that have a value a picture."""
    found = {}
    for field in OF_PICTURES:
        if name := next((name for name in ALIASES.get(field, (field,)) if name in columns), None):
            found[field] = np.asarray(columns[name])
    return found


def _of_run(folder: Path) -> Vectors:
    snapshots = sorted((folder / "embeddings").glob("epoch_*.npz"))
    last = read_snapshot(snapshots[-1]) if snapshots else None
    if last is None:
        raise UserError(
            f"{folder}: no run with a snapshot of embeddings (embeddings/epoch_NNN.npz); give a folder such "
            "as outputs/<name>/<cell>"
        )
    target = np.concatenate([last.train_target, last.target])
    classes, weight = np.unique(target), _score_weights(folder)
    return Vectors(
        folder.name,
        np.concatenate([last.train_embeddings, last.embeddings]),
        target,
        np.repeat(["train", "test"], [len(last.train_target), len(last.target)]),
        centroids=last.centroids[classes],
        weight=None if weight is None else weight[classes],
        preds=np.concatenate([np.full(len(last.train_target), UNKNOWN), last.preds]),
    )


def _score_weights(folder: Path) -> np.ndarray | None:
    """Return the weights of the linear scores of a run, None where it has none or its checkpoint is gone."""
    path = folder / "checkpoints" / "last.ckpt"
    weight = read_checkpoint(path)["state_dict"].get("head.weight") if path.is_file() else None
    return None if weight is None else weight.numpy()


def _of_table(path: Path) -> Vectors:
    table = _table(path)
    known = _known(table)
    if "embedding" in table:
        try:
            embeddings = np.stack([np.asarray(row, dtype=float) for row in table["embedding"]])
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{path}: embedding must be lists of numbers of one length: {reason(error)}"
            ) from error
        return Vectors(str(path), embeddings, **known)
    taken = {name for field in OF_PICTURES for name in ALIASES.get(field, (field,))}
    numbers = table.drop(columns=[name for name in table if name in taken]).select_dtypes("number")
    if not len(numbers.columns):
        raise UserError(f"{path}: needs columns of numbers, or one column embedding; has {', '.join(table)}")
    return Vectors(str(path), numbers.to_numpy(), **known)


def _table(path: Path) -> Any:
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except ImportError as error:
        raise UserError(f"{path}: Parquet needs pip install 'icv-lightning[parquet]'") from error
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a table that can be read: {reason(error)}") from error


def _with_labels(vectors: Vectors, labels: Path) -> Vectors:
    columns = _label_columns(labels)
    known = _known(columns)
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
    columns: Mapping[str, Any] = _table(labels)
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
