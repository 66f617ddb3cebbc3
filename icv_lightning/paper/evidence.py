"""The numbers that claims are judged by: one value a run and measure, and its bootstrap over images."""

import logging
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from icv_lightning.errors import UserError
from icv_lightning.inference.bootstrap import mean_replicates
from icv_lightning.paper.plateau import epochs_to
from icv_lightning.records.measured import Measured, read_measured
from icv_lightning.records.results import read_json
from icv_lightning.records.runs import Run

log = logging.getLogger(__name__)
FILE = "evidence.json"  # what an experiment beside the grid leaves for a claim
GAIN = {"euclidean_gain": ("acc_nearest_class_mean", "acc_mahalanobis")}  # differences of two rules' bits
CURVE = "test/acc_nearest_class_mean"  # of claim 5


class Evidence:
    """Measured values of runs, each record read once."""

    def __init__(self) -> None:
        self._known: dict[Path, Measured | None] = {}

    def value(self, run: Run, measure: str) -> float | None:
        """Return one value of a completed run, None where it cannot be had."""
        if measure not in GAIN:
            return run.value(measure)
        first, second = (run.value(rule) for rule in GAIN[measure])
        return None if first is None or second is None else first - second

    def replicates(self, run: Run, measure: str) -> np.ndarray | None:
        """Return `measure` on bootstrap samples of the images, the same samples for every run."""
        if not (found := self._of(run)):
            return None
        if measure in found.draws:
            return found.draws[measure]
        rules = GAIN.get(measure, (measure,))
        if not all(rule in found.right for rule in rules):
            return None
        bits = [found.right[rule].astype(np.float32) for rule in rules]
        return mean_replicates(bits[0] - bits[1] if len(bits) == 2 else bits[0])

    def epochs(self, run: Run, accuracy: float) -> float | None:
        """Return the epochs of a completed run until `accuracy` by nearest class mean, see `epochs_to`."""
        known = run.status == "completed" and CURVE in run.curves
        return epochs_to(run.curves[CURVE], accuracy) if known else None

    def _of(self, run: Run) -> Measured | None:
        if run.folder not in self._known:
            found = read_measured(run.folder) if run.status == "completed" else None
            self._known[run.folder] = found if found and found.part == "test" else None
        return self._known[run.folder]


def read_rows(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the rows of every evidence.json in `folders` or one level below.

    A row is one value of a contrast: `claim`, `data`, `cell` (what is contrasted, in words), `seed` (the
    pairing: a seed or a draw), `ours`, `other` (finite numbers), and `overlap` where splits share training
    data (see `inference.intervals.t_interval`). Rows that lack one of the first six are left out.
    """
    rows = []
    for path in sorted(
        path for folder in folders for path in (*folder.glob(FILE), *folder.glob(f"*/{FILE}"))
    ):
        try:
            found = read_json(path)
        except UserError as error:
            log.warning("left out, %s", error)
            continue
        rows += [row for row in (found if isinstance(found, list) else []) if _is_row(row)]
    return rows


class Paired(NamedTuple):
    """Values of one contrast that an experiment beside the grid left: ours − other, and their overlap."""

    values: list[float]
    overlap: float


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not {"claim", "data", "cell", "seed", "ours", "other"} <= row.keys():
        return False
    numbers = (row["ours"], row["other"], row.get("overlap") or 0)
    return all(type(value) in (int, float) and math.isfinite(value) for value in numbers)


def paired(rows: Iterable[dict[str, Any]], claim: int) -> dict[tuple[str, str], Paired]:
    """Return ours − other by (data, cell) of the rows of one claim."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["claim"] == claim:
            found[str(row["data"]), str(row["cell"])].append(row)
    return {
        key: Paired(
            [float(row["ours"]) - float(row["other"]) for row in own],
            max(float(row.get("overlap") or 0.0) for row in own),
        )
        for key, own in found.items()
    }
