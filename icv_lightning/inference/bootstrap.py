"""Percentile bootstrap of means, over images (the same samples for every model, so paired) or over groups."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from icv_lightning.inference.intervals import LEVEL

DRAWS = 1000
BLOCK = 2**22  # counts held at once, 32 MB


class Estimate(NamedTuple):
    """A mean of n values with the bounds of its percentile interval."""

    value: float
    low: float
    high: float
    n: int


@cache
def resampling_counts(size: int, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Return how often each of `size` images stands in each of `draws` samples, draws x size, float32."""
    generator = np.random.default_rng(seed)
    counts = np.empty((draws, size), dtype=np.float32)
    for row in counts:
        row[:] = np.bincount(generator.integers(size, size=size), minlength=size)
    return counts


def mean_replicates(values: np.ndarray, draws: int = DRAWS) -> np.ndarray:
    """Return the mean of `values` (n, one an image) on each of `draws` samples of the images."""
    replicates: np.ndarray = resampling_counts(len(values), draws) @ values.astype(np.float32) / len(values)
    return replicates


def percentile_interval(replicates: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of bootstrap replicates."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_mean(
    values: Float[np.ndarray, " sample"],
    groups: Int[np.ndarray, " sample"] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """Return the mean of `values` and its 95 % percentile interval under resampling.

    Args:
        values: a value for each picture; for two models, the differences picture by picture (paired).
        groups: resample these as wholes, e.g. classes, where other classes are what one generalises to; n
            then counts groups. None resamples pictures.
        draws: bootstrap samples.
        seed: seed of the resampling.

    Raises:
        ValueError: no values, or not one group a value.
    """
    values = np.asarray(values, dtype=np.float64)
    if not len(values):
        raise ValueError("values must hold at least one")
    if groups is not None and len(groups) != len(values):
        raise ValueError(f"groups must be one a value, got {len(groups)} for {len(values)}")
    if groups is None:  # drawing pictures is drawing how often each value comes
        unit, counts = np.unique(values, return_counts=True)
        sums, sizes, shares = unit, np.ones(len(unit)), counts / len(values)
        n = len(values)
    else:
        _, position = np.unique(groups, return_inverse=True)
        sums, sizes = np.bincount(position, values), np.bincount(position).astype(float)
        n = len(sums)
        shares = np.full(n, 1 / n)
    generator, means = np.random.default_rng(seed), []
    rows = max(1, BLOCK // len(sums))
    for start in range(0, draws, rows):
        drawn = generator.multinomial(n, shares, size=min(rows, draws - start))
        means.append((drawn @ sums) / (drawn @ sizes))
    return Estimate(float(values.mean()), *percentile_interval(np.concatenate(means)), n)
