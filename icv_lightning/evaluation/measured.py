"""All that a run's record says of its embeddings: a few numbers an epoch, and the last epoch in full.

The fixed part of train (10,000 images by default) gives class means and spread, the watched part accuracies.
"""

from collections.abc import Mapping

import numpy as np
import torch

from icv_lightning.evaluation import geometry
from icv_lightning.records.measured import Measured
from icv_lightning.records.snapshots import Snapshot
from icv_lightning.variability import class_covariance

DRAWS = 200  # bootstrap samples of the training images: quantiles of every sample take time
FLOOR = 1e-6  # of the mean variance of a class, added to the diagonal of its covariance
MOST_CLASSES, MOST_DIMENSIONS = 1000, 64  # beyond, distances to all means and covariances cost too much


def by_epoch(snapshot: Snapshot) -> dict[str, float]:
    """Return the numbers that are logged after every epoch, as `train/…`; none for very many classes."""
    if len(snapshot.class_means) > MOST_CLASSES:
        return {}
    spacing = geometry.spacing(snapshot.class_means)
    return {
        "spacing": spacing,
        "centroid_lag": geometry.centroid_lag(snapshot),
        **_spread(_own(snapshot), snapshot.train_target, spacing),
    }


def last_epoch(snapshot: Snapshot) -> Measured:
    """Return what the record holds of the last epoch."""
    means = snapshot.class_means
    if len(means) > MOST_CLASSES:
        return Measured(snapshot.part, {}, {}, {})
    covariances = class_covariances(snapshot) if means.shape[1] <= MOST_DIMENSIONS else {}
    right = _right(snapshot, covariances)
    values = by_epoch(snapshot)
    unit = values["spacing"]
    watched = geometry.own_distances(snapshot.embeddings, snapshot.target, means)
    values |= _spread(watched, snapshot.target, unit, "_test")
    values |= {rule: float(bits.mean()) for rule, bits in right.items()}
    values |= {"condition": condition(covariances)} if covariances else {}
    draws = geometry.spread_replicates(_own(snapshot) / unit, snapshot.train_target, DRAWS)
    return Measured(snapshot.part, values, right, draws)


def _own(snapshot: Snapshot) -> np.ndarray:
    return geometry.own_distances(snapshot.train_embeddings, snapshot.train_target, snapshot.class_means)


def _spread(own: np.ndarray, target: np.ndarray, spacing: float, suffix: str = "") -> dict[str, float]:
    """Return measures of the distances to the own class mean."""
    return {
        f"tail{suffix}": geometry.tail(own, target),
        f"distance_median{suffix}": float(np.median(own)) / spacing,
        f"distance_p99{suffix}": float(np.quantile(own, 0.99)) / spacing,
    }


def _right(snapshot: Snapshot, covariances: Mapping[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Return by rule which images of the watched part are classified rightly."""
    embeddings, means = snapshot.embeddings, snapshot.class_means
    preds = {
        "acc": snapshot.preds,
        "acc_nearest_class_mean": geometry.distances(embeddings, means).argmin(1),
        "acc_nearest_centroid": geometry.distances(embeddings, snapshot.centroids).argmin(1),
        "acc_cosine": geometry.cosine_preds(embeddings, means),
    }
    if covariances:
        preds["acc_mahalanobis"] = mahalanobis_preds(snapshot, covariances)
    return {rule: found == snapshot.target for rule, found in preds.items()}


def class_covariances(snapshot: Snapshot) -> dict[int, np.ndarray]:
    """Return R(X_k) of the training embeddings, N x N, for each class seen."""
    target = snapshot.train_target
    found = class_covariance(torch.from_numpy(snapshot.train_embeddings), torch.from_numpy(target)).numpy()
    return {int(k): found[k] for k in np.unique(target)}


def mahalanobis_preds(snapshot: Snapshot, covariances: Mapping[int, np.ndarray]) -> np.ndarray:
    """Return the class whose own weighted distance (z − mean)ᵀ R(X_k)⁻¹ (z − mean) is least (claim 9).

    `FLOOR` times the mean variance of the class is added to the diagonal of R(X_k).
    """
    best = np.full(len(snapshot.target), np.inf)
    preds = np.zeros(len(snapshot.target), dtype=np.int64)
    for k, covariance in covariances.items():
        ridge = FLOOR * np.trace(covariance) / len(covariance) + np.finfo(np.float64).tiny
        centred = snapshot.embeddings.astype(np.float64) - snapshot.class_means[k]
        weighted = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), centred.T).T
        squared = (centred * weighted).sum(1)
        preds = np.where(squared < best, k, preds)
        best = np.minimum(best, squared)
    return preds


def condition(covariances: Mapping[int, np.ndarray]) -> float:
    """Return the median over classes of the condition number of R(X_k): 1 for a symmetric cluster."""
    return float(np.median([np.linalg.cond(covariance) for covariance in covariances.values()]))
