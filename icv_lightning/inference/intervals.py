"""Intervals and p-values of a mean of few values, and Holm's correction."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95


class Interval(NamedTuple):
    """A mean of n values and its bounds, NaN where the values show no spread (n is 1, or all are equal)."""

    n: int
    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Return half the width."""
        return (self.high - self.low) / 2


def t_interval(values: Sequence[float], level: float = LEVEL, overlap: float = 0.0) -> Interval:
    """Return the mean of `values` and its two-sided t interval.

    Args:
        values: independent ones, or of splits of one data set.
        level: confidence level.
        overlap: 0 for independent values; for splits that share training data the size of the test part
            over that of the training part, which widens the interval (Nadeau and Bengio 2003).
    """
    array = np.asarray(values, dtype=np.float64)
    n, mean, error = len(array), float(array.mean()), _standard_error(array, overlap)
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * error) if error else float("nan")
    return Interval(n, mean, mean - half, mean + half)


def p_above(values: Sequence[float], bound: float, overlap: float = 0.0) -> float:
    """Return the p-value of "the mean is not above `bound`", twice the one-sided one, `overlap` as above.

    Doubled, it is below 0.05 exactly where the lower end of the two-sided 95 % interval is above `bound`.
    Values without spread tell nothing of their error: it is 1.
    """
    array = np.asarray(values, dtype=np.float64)
    error = _standard_error(array, overlap)
    if not error:
        return 1.0
    return min(1.0, 2 * float(stats.t.sf((array.mean() - bound) / error, len(array) - 1)))


def _standard_error(array: np.ndarray, overlap: float) -> float:
    """Return the standard error of the mean, 0 where there is no spread beyond that of floating point."""
    if len(array) < 2 or np.ptp(array) <= 1e-12 * np.abs(array).max():
        return 0.0
    return float(array.std(ddof=1) * np.sqrt(1 / len(array) + overlap))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted by Holm's step-down procedure (Holm 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    adjusted, running = np.empty(len(p_values)), 0.0
    for rank, position in enumerate(order):
        running = max(running, (len(p_values) - rank) * p_values[position])
        adjusted[position] = min(1.0, running)
    return [float(p) for p in adjusted]
