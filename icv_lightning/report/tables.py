"""Tables 1 and 2 as the paper lays them out, its values beside ours, and how many of them ours reproduce."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from icv_lightning.inference.intervals import Interval, prediction_interval, t_interval
from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant

MEASURES = {
    "acc_nearest_class_mean": "Table 1. Nearest centroid: means of the training embeddings",
    "acc_nearest_centroid": "Table 1. Nearest centroid: the learned or updated centroids",
    "acc": "Table 2. Highest score",
}


TINY = 1e-9  # what floating point may add to a value of three digits


class Entry(NamedTuple):
    """What stands in a table for one cell of the grid.

    Attributes:
        cell: its coordinates.
        interval: mean over seeds with its 95 % interval, None without a completed run.
        published: the paper's value, None where it has none.
        statuses: how many of its runs are completed, failed, running, interrupted.
        predicted: interval of one further run, ± rounding; None without a completed run.
        seeds: how many there are in the grid; said where this cell has fewer.
    """

    cell: Cell
    interval: Interval | None
    published: float | None
    statuses: Counter[str]
    predicted: Interval | None = None
    seeds: int = 1

    @property
    def difference(self) -> float | None:
        """Return our mean minus the published value."""
        known = self.interval is not None and self.published is not None
        return round(self.interval.mean, 9) - self.published if known else None  # type: ignore[union-attr, operator]

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
        text += f" ± {self.interval.half:.3f}" if self.interval.n > 1 else ""
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
    """Return table 1 by class means and by learned centroids, and table 2, for the runs of `variant`.

    Args:
        variant: whose runs are shown.
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
    return [
        Table(title, measure, columns, rows, {cell: _entry(variant, cell, measure) for cell in cells})
        for measure, title in MEASURES.items()
    ]


def _entry(variant: Variant, cell: Cell, measure: str) -> Entry:
    values = list(variant.values(cell, measure).values())
    statuses = Counter(run.status for run in variant.runs.get(cell, {}).values())
    reproducible = variant.settings.get("data.val_size", 0) == 0
    published = publication.published(cell, measure) if reproducible else None
    if not values:
        return Entry(cell, None, published, statuses)
    predicted = prediction_interval(values, publication.ROUNDING)
    return Entry(cell, t_interval(values), published, statuses, predicted, len(variant.seeds))


class Reproduction(NamedTuple):
    """How our runs meet the published values.

    Attributes:
        compared: how many published values stand beside two or more seeds of ours.
        inside: how many of these fall into our 95 % prediction interval (± rounding).
        median: median absolute difference, over all published values beside ours, NaN without any.
        misses: those outside, in words.
    """

    compared: int
    inside: int
    median: float
    misses: list[str]

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        if np.isnan(self.median):
            return "No published value stands beside these runs."
        within = (
            f"{self.inside} of {self.compared} published values inside our 95 % prediction interval; "
            if self.compared
            else "One seed: no prediction interval; "
        )
        return f"{within}median absolute difference {100 * self.median:.2f} points."


def reproduction(tables: Iterable[Table]) -> Reproduction:
    """Compare `tables` (one of the two tables 1, and table 2) with the published values."""
    differences, compared, misses = [], 0, []
    for table in tables:
        for entry in table.entries.values():
            ours, published = entry.predicted, entry.published
            if ours is None or published is None:
                continue
            differences.append(abs(ours.mean - published))
            compared += ours.n > 1
            if ours.n > 1 and not ours.low - TINY <= published <= ours.high + TINY:
                where = f"{table.title.partition('.')[0]}, {entry.cell.title}"
                misses.append(f"{where}: {published:.3f}, ours {ours.low:.4f} to {ours.high:.4f}")
    median = float(np.median(differences)) if differences else float("nan")
    return Reproduction(compared, compared - len(misses), median, misses)


def unfinished(runs: Iterable[Run]) -> list[Run]:
    """Return the runs without results."""
    return [run for run in runs if run.status != "completed"]
