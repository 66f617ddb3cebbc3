"""One epoch's embeddings as the training left them, read whole or not at all."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icv_lightning.errors import UserError
from icv_lightning.records.arrays import read_arrays


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Arrays of `epoch_NNN.npz`; the watched part is test, or validation where a part of train was held out.

    Attributes:
        epoch: counted from 1.
        part: "test" or "val", the watched part.
        train_embeddings: M x N, of the fixed part of train.
        train_target: M.
        embeddings: n x N, of the watched part.
        target: n.
        preds: n, classes of the highest score.
        index: n, positions in the official part.
        centroids: K x N, as the run's rule has them.
        class_means: K x N, of the fixed part of train; NaN for a class never seen.
    """

    epoch: int
    part: str
    train_embeddings: np.ndarray
    train_target: np.ndarray
    embeddings: np.ndarray
    target: np.ndarray
    preds: np.ndarray
    index: np.ndarray
    centroids: np.ndarray
    class_means: np.ndarray


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot in `path`.

    Raises:
        UserError: a file that is missing, damaged, or holds arrays that do not fit each other.
    """
    arrays = read_arrays(path)
    part = "test" if "test_embeddings" in arrays else "val"
    try:
        watched = {key: arrays[f"{part}_{key}"] for key in ("embeddings", "target", "preds", "index")}
        train = {f"train_{key}": arrays[f"train_{key}"] for key in ("embeddings", "target")}
        centres = {key: arrays[key] for key in ("centroids", "class_means")}
        epoch = int(path.stem.removeprefix("epoch_"))
    except (KeyError, ValueError) as error:
        raise UserError(f"{path}: no snapshot of embeddings, lacks {error}") from error
    snapshot = Snapshot(epoch, part, **watched, **train, **centres)
    if wrong := [what for what, is_right in _checks(snapshot).items() if not is_right]:
        raise UserError(f"{path}: a snapshot with wrong {', '.join(wrong)}")
    return snapshot


def _checks(snapshot: Snapshot) -> dict[str, bool]:
    """Tell for each array whether it is as a run writes it; those after a wrong one may be wrong for it."""
    classes, dim = snapshot.centroids.shape if snapshot.centroids.ndim == 2 else (-1, -1)
    seen = np.unique(snapshot.train_target) if _are_labels(snapshot.train_target, classes) else None
    means = snapshot.class_means
    return {
        "centroids": _are_points(snapshot.centroids, classes, dim),
        "train_embeddings": _are_points(snapshot.train_embeddings, _rows(snapshot.train_target), dim),
        "train_target": seen is not None,
        "embeddings": _are_points(snapshot.embeddings, _rows(snapshot.target), dim),
        "target": _are_labels(snapshot.target, classes),
        "preds": _are_labels(snapshot.preds, classes, _rows(snapshot.target)),
        "index": _are_labels(snapshot.index, 2**62, _rows(snapshot.target)),
        "class_means": seen is not None
        and means.shape == (classes, dim)
        and _are_points(means[seen], -1, dim),
    }


def _are_points(values: np.ndarray, rows: int, dim: int) -> bool:
    """Tell whether `values` are finite numbers, `rows` (-1: any) x `dim`."""
    return (
        values.ndim == 2
        and values.shape[1] == dim > 0
        and len(values) == (rows if rows >= 0 else len(values)) > 0
        and np.issubdtype(values.dtype, np.floating)
        and bool(np.isfinite(values).all())
    )


def _are_labels(values: np.ndarray, most: int, rows: int = -1) -> bool:
    """Tell whether `values` are `rows` (-1: any, but some) integers from 0 to below `most`."""
    return (
        values.ndim == 1
        and len(values) == (rows if rows >= 0 else len(values)) > 0
        and np.issubdtype(values.dtype, np.integer)
        and bool(values.min() >= 0 and values.max() < most)
    )


def _rows(values: np.ndarray) -> int:
    return len(values) if values.ndim else 0
