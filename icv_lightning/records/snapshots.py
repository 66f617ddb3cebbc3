"""One epoch's embeddings as the training left them, read whole or not at all."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np


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


def read_snapshot(path: Path) -> Snapshot | None:
    """Return the snapshot in `path`, None where the file is missing, cut short or of another kind."""
    try:
        with np.load(path) as arrays:
            part = "test" if "test_embeddings" in arrays else "val"
            watched = {key: arrays[f"{part}_{key}"] for key in ("embeddings", "target", "preds", "index")}
            train = {f"train_{key}": arrays[f"train_{key}"] for key in ("embeddings", "target")}
            centres = {key: arrays[key] for key in ("centroids", "class_means")}
            return Snapshot(int(path.stem.removeprefix("epoch_")), part, **watched, **train, **centres)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
