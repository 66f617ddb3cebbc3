"""The statistics of the report: t intervals over seeds, Holm's correction, a bootstrap over test images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95


class Interval(NamedTuple):
    """A mean of n values and its bounds, NaN where n is 1."""

    n: int
    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Return half the width."""
        return (self.high - self.low) / 2


def t_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of `values` and its two-sided t interval."""
    return _interval(values, level, new_observation=False)


def prediction_interval(values: Sequence[float], rounding: float = 0.0, level: float = LEVEL) -> Interval:
    """Return the interval that one further run falls into, widened by `rounding` on both sides."""
    found = _interval(values, level, new_observation=True)
    return Interval(found.n, found.mean, found.low - rounding, found.high + rounding)


def _interval(values: Sequence[float], level: float, new_observation: bool) -> Interval:
    array = np.asarray(values, dtype=np.float64)
    n, mean = len(array), float(array.mean())
    if n < 2:
        return Interval(n, mean, float("nan"), float("nan"))
    spread = float(array.std(ddof=1)) * np.sqrt(1 / n + new_observation)
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * spread)
    return Interval(n, mean, mean - half, mean + half)


def p_above(values: Sequence[float], bound: float) -> float:
    """Return the p-value of "the mean is not above `bound`", twice the one-sided one.

    Doubled, it is below 0.05 exactly where the lower end of the two-sided 95 % interval is above `bound`.
    """
    array = np.asarray(values, dtype=np.float64)
    excess, error = array.mean() - bound, array.std(ddof=1) / np.sqrt(len(array))
    if error == 0:
        return 0.0 if excess > 0 else 1.0
    return min(1.0, 2 * float(stats.t.sf(excess / error, len(array) - 1)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted by Holm's step-down procedure (Holm 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    adjusted, running = np.empty(len(p_values)), 0.0
    for rank, position in enumerate(order):
        running = max(running, (len(p_values) - rank) * p_values[position])
        adjusted[position] = min(1.0, running)
    return [float(p) for p in adjusted]


def resampling_counts(size: int, draws: int, seed: int = 0) -> np.ndarray:
    """Return how often each of `size` images stands in each of `draws` bootstrap samples, draws x size."""
    generator = np.random.default_rng(seed)
    counts = np.empty((draws, size), dtype=np.float32)
    for row in counts:
        row[:] = np.bincount(generator.integers(size, size=size), minlength=size)
    return counts


def percentile_interval(replicates: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of bootstrap replicates."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
