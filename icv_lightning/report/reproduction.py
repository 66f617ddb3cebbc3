"""How far the runs' values are from those that the paper published, in numbers and in a sentence."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from icv_lightning.inference.verdicts import MIN_VALUES
from icv_lightning.report.tables import Table

EQUAL = 0.01  # margin of "equal to the published value": one point; the paper's own value is one run


class Reproduction(NamedTuple):
    """How far our means are from the published values.

    Attributes:
        compared: how many published values stand beside a value of ours.
        median: median absolute difference over these, NaN without any.
        judged: how many of these have three seeds or more, and so an interval that says something.
        equal: of the judged, how many differ by less than `EQUAL`: the 95 % interval lies within ±`EQUAL`.
        unequal: of the judged, those whose interval lies wholly outside ±`EQUAL`, in words.
    """

    compared: int
    median: float
    judged: int
    equal: int
    unequal: list[str]

    @property
    def text(self) -> str:
        """Say it in a sentence or two."""
        if not self.compared:
            return "No published value stands beside these runs."
        text = (
            f"{self.compared} published values beside ours: median absolute difference "
            f"{100 * self.median:.2f} points."
        )
        if not self.judged:
            return f"{text} Fewer than {MIN_VALUES} seeds: no statement on any of them."
        open_ = self.judged - self.equal - len(self.unequal)
        return (
            f"{text} Of {self.judged} with n ≥ {MIN_VALUES} seeds, {self.equal} are equal within "
            f"{100 * EQUAL:g} point (95 % interval of the difference), {len(self.unequal)} differ by more, "
            f"{open_} are open."
        )


def reproduction(tables: Iterable[Table]) -> Reproduction:
    """Compare `tables` (one of the two tables 1, and table 2) with the published values."""
    differences, judged, equal, unequal = [], 0, 0, []
    for entry, title in ((e, table.title) for table in tables for e in table.entries.values()):
        if entry.difference is None:
            continue
        differences.append(abs(entry.difference))
        low, high = entry.bounds
        if not entry.is_judged:
            continue
        judged += 1
        equal += low > -EQUAL and high < EQUAL
        if low > EQUAL or high < -EQUAL:
            where = f"{title.partition('.')[0]}, {entry.cell.title}"
            unequal.append(f"{where}: ours − published {100 * low:+.2f} to {100 * high:+.2f} points")
    median = float(np.median(differences)) if differences else float("nan")
    return Reproduction(len(differences), median, judged, equal, unequal)
