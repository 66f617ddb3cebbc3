"""What a run's last epoch measured, image by image where it matters, in one small file: `measured.npz`.

It stands beside results.json, which shows its numbers again, and needs no snapshot: which images each
decision rule gets right (a bit an image), and each measure of spread on bootstrap samples of the images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.records.arrays import read_arrays
from icv_lightning.records.files import replaced

FILE = "measured.npz"


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of the embeddings after the last epoch.

    Attributes:
        part: "test" or "val", the watched part.
        values: numbers by measure.
        right: by decision rule, n booleans: which images of the watched part it classifies rightly.
        draws: values of each measure on bootstrap samples of the training images.
    """

    part: str
    values: Mapping[str, float]
    right: Mapping[str, np.ndarray]
    draws: Mapping[str, np.ndarray]


def write_measured(folder: Path, measured: Measured) -> None:
    """Write `<folder>/measured.npz`, whole or not at all; a bit an image and rule, draws in float32."""
    right, draws = list(measured.right.values()), list(measured.draws.values())
    arrays: dict[str, Any] = {
        "part": np.array(measured.part),
        "images": np.array(len(right[0]) if right else 0),
        "measures": np.array(list(measured.values), dtype=str),
        "values": np.array(list(measured.values.values()), dtype=np.float64),
        "rules": np.array(list(measured.right), dtype=str),
        "right": np.packbits(right, axis=1) if right else np.empty((0, 0), dtype=np.uint8),
        "drawn": np.array(list(measured.draws), dtype=str),
        "draws": np.array(draws, dtype=np.float32),
    }
    with replaced(folder / FILE) as file:
        np.savez_compressed(file, **arrays)


def test_values(folder: Path) -> dict[str, float]:
    """Return the numbers of `<folder>/measured.npz`, none where a validation part was watched."""
    found = read_measured(folder)
    return dict(found.values) if found and found.part == "test" else {}


def read_measured(folder: Path) -> Measured | None:
    """Return what `<folder>/measured.npz` holds, None where it is missing, cut short or of another kind."""
    try:
        found = read_arrays(folder / FILE)
        images = int(found["images"])
        if images and found["right"].shape[1] != -(-images // 8):
            return None
        right = np.unpackbits(found["right"], axis=1, count=images).astype(bool)
        values = dict(zip(found["measures"].tolist(), found["values"].tolist(), strict=True))
        rules = dict(zip(found["rules"].tolist(), right, strict=True))
        draws = dict(zip(found["drawn"].tolist(), found["draws"], strict=True))
        return Measured(str(found["part"]), values, rules, draws)
    except (ValueError, TypeError, LookupError, OverflowError):
        return None
