"""A percentile bootstrap over images: the same samples for every model, so that differences are paired."""

from functools import cache

import numpy as np

from icv_lightning.inference.intervals import LEVEL

DRAWS = 1000


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
