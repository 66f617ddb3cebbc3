"""Embeddings from files of anybody, and from the folders of runs."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.audit.labels import with_labels
from icv_lightning.audit.vectors import (
    ALIASES,
    OF_CLASSES,
    OF_PICTURES,
    TABLES,
    Vectors,
    known_columns,
    read_frame,
)
from icv_lightning.errors import UserError, reason
from icv_lightning.records.checkpoints import read_checkpoint
from icv_lightning.records.snapshots import read_snapshot

UNKNOWN = -1  # what a snapshot says of pictures whose answer it does not keep


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
    return found if labels is None else with_labels(found, labels)


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
    return Vectors(str(path), arrays["embeddings"], **centres, **known_columns(arrays))


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
    table = read_frame(path)
    known = known_columns(table)
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
