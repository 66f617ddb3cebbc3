"""Embeddings and what is known of each picture; the names that columns and arrays of it have."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.errors import UserError, reason

ALIASES = {
    "target": ("target", "label", "labels"),
    "files": ("files", "file", "path"),
    "preds": ("preds", "class"),
}
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


def known_columns(columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return what is there of the fields that have a value a picture."""
    found = {}
    for field in OF_PICTURES:
        if name := next((name for name in ALIASES.get(field, (field,)) if name in columns), None):
            found[field] = np.asarray(columns[name])
    return found


def read_frame(path: Path) -> Any:
    """Return a table as pandas reads it; raise `UserError` where it cannot."""
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except ImportError as error:
        raise UserError(f"{path}: Parquet needs pip install 'icv-lightning[parquet]'") from error
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a table that can be read: {reason(error)}") from error
