"""What embeddings tell beyond the logged accuracies, in NumPy; lengths are in spacings of the class means.

Scaling embeddings, centroids and head together changes no score, so raw lengths mean nothing across
runs: every length here is divided by the mean distance of a class mean to the nearest other one.
"""

import numpy as np

from icv_lightning.records.snapshots import Snapshot

TAIL = (0.99, 0.5)  # the tail statistic is the ratio of these two quantiles


def spacing(means: np.ndarray) -> float:
    """Return the mean distance of a class mean (K x N) to the nearest other one; NaN where all are one."""
    known = means[np.isfinite(means).all(1)].astype(np.float64)
    distances = np.linalg.norm(known[:, None] - known[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(1).mean()) or float("nan")


def distances(embeddings: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the Euclidean distances of n embeddings to K means, n x K; infinite for an unknown mean."""
    points, centres = embeddings.astype(np.float64), means.astype(np.float64)
    squared = (points**2).sum(1)[:, None] - 2 * points @ centres.T + (centres**2).sum(1)
    return np.sqrt(np.where(np.isnan(squared), np.inf, squared).clip(min=0))


def own_distances(embeddings: np.ndarray, target: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of each embedding (n x N) to the mean of its own class (K x N)."""
    gap = embeddings.astype(np.float64) - means.astype(np.float64)[target]
    own: np.ndarray = np.linalg.norm(gap, axis=1)
    return own


def own_and_other(
    embeddings: np.ndarray, target: np.ndarray, means: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of each embedding to its own class mean and to the nearest other one."""
    found = distances(embeddings, means)
    rows = np.arange(len(target))
    own = found[rows, target]
    found[rows, target] = np.inf
    return own, found.min(1)


def tail(own: np.ndarray, target: np.ndarray) -> float:
    """Return p99 / median of the distance to the own class mean, a mean over classes (claim 6).

    A class whose embeddings are one point has no tail and is left out; NaN where all are so.
    """
    return float(_mean_tail([np.quantile(own[target == k], TAIL) for k in np.unique(target)]))


def _mean_tail(quantiles: list[np.ndarray]) -> np.ndarray:
    """Return the mean over classes of p99 / median, of the two quantiles of each class."""
    upper, middle = np.stack(quantiles, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 in a class that is one point
        ratios = upper / middle
        mean: np.ndarray = np.nansum(ratios, axis=0) / (~np.isnan(ratios)).sum(axis=0)
    return mean


def spread_replicates(
    own: np.ndarray, target: np.ndarray, draws: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """Return measures of spread on `draws` bootstrap samples of the images, drawn class by class.

    Args:
        own: n distances to the own class mean, in spacings.
        target: n.
        draws: number of samples.
        seed: seed of the samples.

    Returns:
        `draws` values each of `tail`, and of median and p99 over all images (`distance_median`,
        `distance_p99`).
    """
    generator = np.random.default_rng(seed)
    classes = [own[target == k] for k in np.unique(target)]
    samples = [values[generator.integers(len(values), size=(draws, len(values)))] for values in classes]
    tails = _mean_tail([np.quantile(sample, TAIL, axis=1) for sample in samples])
    upper, middle = np.quantile(np.concatenate(samples, axis=1), TAIL, axis=1)
    return {"tail": tails, "distance_median": middle, "distance_p99": upper}


def cosine_preds(embeddings: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return for n embeddings the class whose mean (K x N) points most nearly in their direction."""
    points, centres = embeddings.astype(np.float64), means.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = points @ (centres / np.linalg.norm(centres, axis=1, keepdims=True)).T
    preds: np.ndarray = np.where(np.isnan(cosines), -np.inf, cosines).argmax(1)
    return preds


def centroid_lag(snapshot: Snapshot) -> float:
    """Return the mean distance of C_k to its class mean (train), in spacings (claim 10)."""
    gap = np.linalg.norm(snapshot.centroids - snapshot.class_means, axis=1)
    return float(np.nanmean(gap)) / spacing(snapshot.class_means)
