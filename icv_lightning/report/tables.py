"""Tables 1 and 2 as the paper lays them out, its values beside ours."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from icv_lightning.inference.intervals import Interval, t_interval
from icv_lightning.inference.verdicts import MIN_VALUES
from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant

MEASURES = {
    "acc_nearest_class_mean": "Table 1. Nearest centroid: means of the training embeddings",
    "acc_nearest_centroid": "Table 1. Nearest centroid: the learned or updated centroids",
    "acc_cosine": "Beside table 1. Nearest class mean by cosine",
    "acc_mahalanobis": "Beside table 1. Nearest class mean by Mahalanobis distance",
    "acc": "Table 2. Highest score",
}
OF_PAPER = ("acc_nearest_class_mean", "acc_nearest_centroid", "acc")  # the published tables stand beside


class Entry(NamedTuple):
    """What stands in a table for one cell of the grid.

    Attributes:
        cell: its coordinates.
        interval: mean over seeds with its 95 % interval, None without a completed run.
        published: the paper's value, None where it has none.
        statuses: how many of its runs are completed, failed, running, interrupted.
        seeds: how many there are in the grid; said where this cell has fewer.
    """

    cell: Cell
    interval: Interval | None
    published: float | None
    statuses: Counter[str]
    seeds: int = 1

    @property
    def difference(self) -> float | None:
        """Return our mean minus the published value."""
        known = self.interval is not None and self.published is not None
        return round(self.interval.mean, 9) - self.published if known else None  # type: ignore[union-attr, operator]

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the 95 % interval of `difference`, NaN where there is none."""
        if self.interval is None or self.published is None:
            return float("nan"), float("nan")
        return self.interval.low - self.published, self.interval.high - self.published

    @property
    def is_judged(self) -> bool:
        """Tell whether there are seeds enough to say whether it equals the published value."""
        known = self.interval is not None and self.published is not None
        return known and self.interval.n >= MIN_VALUES and np.isfinite(self.interval.half)  # type: ignore[union-attr,return-value]

    @property
    def ours(self) -> str:
        """Return our value in words, or why there is none."""
        others = [(count, status) for status, count in self.statuses.items() if status != "completed"]
        if self.interval is None:
            return (
                ", ".join(status if count == 1 else f"{count} {status}" for count, status in others)
                or "not run"
            )
        notes = [f"n = {self.interval.n}"] if self.interval.n < self.seeds else []
        notes += [f"{count} {status}" for count, status in others]
        text = f"{self.interval.mean:.3f}"
        text += f" ± {self.interval.half:.3f}" if np.isfinite(self.interval.half) else ""
        return text + (f" ({', '.join(notes)})" if notes else "")

    @property
    def beside(self) -> str:
        """Return the published value and our difference to it, in words."""
        if self.published is None:
            return ""
        return f"{self.published:.3f}" + (
            f", {signed(self.difference)}" if self.difference is not None else ""
        )


def signed(difference: float) -> str:
    """Return a difference to three digits with its sign, no sign on zero."""
    return f"{difference:+.3f}" if round(difference, 3) else "0.000"


class Table(NamedTuple):
    """One measure over the grid: rows by λ and data set, columns by normalisation and embedding size."""

    title: str
    measure: str
    columns: Sequence[tuple[bool, int]]
    rows: Sequence[tuple[str, float]]
    entries: dict[Cell, Entry]

    def row(self, data: str, weight: float) -> list[Entry]:
        """Return the entries of a row."""
        return [self.entries[Cell(data, weight, dim, unit)] for unit, dim in self.columns]


def paper_tables(variant: Variant, whole_grid: bool = True) -> list[Table]:
    """Return table 1 by class means and by learned centroids, other distances beside, and table 2.

    Args:
        variant: variant whose runs are shown.
        whole_grid: show all 32 cells of the paper where there is one of them, those not run too.
    """
    data = variant.data_sets()
    whole = whole_grid and not variant.runs.keys().isdisjoint(publication.accuracies())
    dims = sorted({cell.embedding_dim for cell in variant.runs} | (set(publication.DIMS) if whole else set()))
    found = {cell.weight for cell in variant.runs} | ({0.0, *publication.WEIGHTS} if whole else set())
    weights = sorted(found - {0.0}, reverse=True)
    shapes = {(cell.normalize, cell.embedding_dim) for cell in variant.runs}
    columns = [(unit, dim) for unit in (False, True) for dim in dims if whole or (unit, dim) in shapes]
    rows = [(name, weight) for weight in ([0.0] if 0.0 in found else []) + weights for name in data]
    run = {cell[:2] for cell in variant.runs}
    rows = rows if whole else [row for row in rows if row in run]
    cells = [Cell(name, weight, dim, unit) for name, weight in rows for unit, dim in columns]
    tables = [
        Table(title, measure, columns, rows, {cell: _entry(variant, cell, measure) for cell in cells})
        for measure, title in MEASURES.items()
    ]
    return [t for t in tables if t.measure in OF_PAPER or any(e.interval for e in t.entries.values())]


def _entry(variant: Variant, cell: Cell, measure: str) -> Entry:
    values = list(variant.values(cell, measure).values())
    statuses = Counter(run.status for run in variant.runs.get(cell, {}).values())
    reproducible = variant.settings.get("data.val_size", 0) == 0
    stands = reproducible and measure in OF_PAPER
    published = publication.published(cell, measure) if stands else None
    if not values:
        return Entry(cell, None, published, statuses)
    return Entry(cell, t_interval(values), published, statuses, len(variant.seeds))


def unfinished(runs: Iterable[Run]) -> list[Run]:
    """Return the runs without results."""
    return [run for run in runs if run.status != "completed"]
