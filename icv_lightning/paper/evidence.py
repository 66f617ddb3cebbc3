"""The numbers that claims are judged by: one value a run and measure, and its bootstrap over images."""

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.evaluation import geometry
from icv_lightning.inference.intervals import resampling_counts
from icv_lightning.paper import publication
from icv_lightning.paper.claims import NEVER, margin
from icv_lightning.records.runs import Run
from icv_lightning.records.snapshots import Snapshot

DRAWS = 1000  # bootstrap samples of the test images
TAIL_DRAWS = 200  # of the training images, for the tail statistic needs quantiles of every sample
FILE = "evidence.json"  # what an experiment beside the grid leaves for a claim


class Evidence:
    """Measured values of runs, each snapshot read once."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[dict[str, float], dict[str, np.ndarray]]] = {}

    def value(self, run: Run, measure: str) -> float | None:
        """Return one value of a completed run, None where it cannot be had."""
        if run.status != "completed":
            return None
        if measure.startswith("acc"):
            return run.metrics.get(f"test/{measure}")
        if measure == "epochs_to":
            return _epochs_to(run)
        return self._of(run)[0].get(measure)

    def replicates(self, run: Run, measure: str) -> np.ndarray | None:
        """Return `measure` on bootstrap samples of the images, the same samples for every run."""
        return self._of(run)[1].get(measure) if run.status == "completed" else None

    def _of(self, run: Run) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        if run.folder not in self._known:
            last = run.last_snapshot
            whole = last is not None and last.part == "test" and last.epoch == run.max_epochs
            self._known[run.folder] = _measured(last) if whole and last else ({}, {})
        return self._known[run.folder]


def read_rows(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the rows of every evidence.json in `folders` or one level below.

    A row is one value of a contrast: `claim`, `data`, `cell` (what is contrasted, in words), `seed` (the
    pairing: a seed or a draw), `ours`, `other`. Rows that lack one of these are left out.
    """
    needed = {"claim", "data", "cell", "seed", "ours", "other"}
    rows = []
    for path in sorted(
        path for folder in folders for path in (*folder.glob(FILE), *folder.glob(f"*/{FILE}"))
    ):
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        rows += [row for row in found if isinstance(row, dict) and needed <= row.keys()]
    return rows


def paired(rows: Iterable[dict[str, Any]], claim: int) -> dict[tuple[str, str], list[float]]:
    """Return ours − other by (data, cell) of the rows of one claim."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row["claim"] == claim:
            found[str(row["data"]), str(row["cell"])].append(float(row["ours"]) - float(row["other"]))
    return dict(found)


def _measured(last: Snapshot) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    means, target = last.class_means, last.target
    own, _ = geometry.own_and_other(last.embeddings, target, means)
    train_own, _ = geometry.own_and_other(last.train_embeddings, last.train_target, means)
    right = {
        "acc": last.preds == target,
        "acc_nearest_class_mean": geometry.distances(last.embeddings, means).argmin(1) == target,
        "acc_nearest_centroid": geometry.distances(last.embeddings, last.centroids).argmin(1) == target,
    }
    weighted = geometry.mahalanobis_preds(last) == target
    gain = right["acc_nearest_class_mean"].astype(np.float32) - weighted
    values = {
        "tail": geometry.tail(train_own, last.train_target),
        "tail_test": geometry.tail(own, target),
        "euclidean_gain": float(gain.mean()),
        "condition": geometry.condition(last),
        "centroid_lag": geometry.centroid_lag(last),
    }
    images = np.column_stack([*right.values(), gain]).astype(np.float32)
    means_of_draws = _counts(len(target)) @ images / len(target)
    replicates = dict(zip([*right, "euclidean_gain"], means_of_draws.T, strict=True))
    tails = geometry.tail_replicates(train_own, last.train_target, TAIL_DRAWS)
    return values, replicates | {"tail": tails}


@cache
def _counts(size: int) -> np.ndarray:
    return resampling_counts(size, DRAWS)


def _epochs_to(run: Run) -> float | None:
    stated = publication.published(run.cell, "acc_nearest_class_mean")
    column = "test/acc_nearest_class_mean"
    if stated is None or column not in run.curves:
        return None
    reached = run.curves.index[run.curves[column] >= stated - margin(run.cell.data)]
    return float(reached.min() if len(reached) else run.curves.index.max() + NEVER)
