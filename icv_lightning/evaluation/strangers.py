"""Embeddings of classes that are known against those of strangers, by distance to the nearest class mean."""

from math import ceil

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.metrics import roc_auc_score
from torch import Tensor

from icv_lightning.evaluation.conformal import conformal_threshold
from icv_lightning.evaluation.decision_rules import BLOCK, Part
from icv_lightning.evaluation.distances import centroid_distances

FOLDS = 10  # of classes at most
ACCEPTED_SHARE = 0.95  # share of the known at which strangers are counted


def stranger_measures(
    known: Float[np.ndarray, " known"], strangers: Float[np.ndarray, " stranger"]
) -> dict[str, float]:
    """Return `auroc` and `fpr_at_95` of telling strangers from the known by their distances.

    `auroc` is the chance that a stranger is farther than a known, ties half; `fpr_at_95` the share of
    strangers within the least distance that at least 95 % of the known do not exceed.

    Raises:
        ValueError: no distances of one of the two.
    """
    if not len(known) or not len(strangers):
        raise ValueError(f"known and strangers must hold distances, got {len(known)} and {len(strangers)}")
    is_stranger = np.repeat([0, 1], [len(known), len(strangers)])
    within = np.sort(known)[ceil(round(ACCEPTED_SHARE * len(known), 9)) - 1]
    return {
        "auroc": float(roc_auc_score(is_stranger, np.concatenate([known, strangers]))),
        "fpr_at_95": float(np.mean(strangers <= within)),
    }


def rejection(
    calibration: Float[np.ndarray, " calibration"],
    known: Float[np.ndarray, " known"],
    strangers: Float[np.ndarray, " stranger"],
    alpha: float,
) -> dict[str, float]:
    """Return `stranger_measures`, and what a conformal threshold set on `calibration` rejects of each.

    `threshold`, `rejected_known`, `rejected_strangers`.
    """
    threshold = conformal_threshold(calibration, alpha).value
    return stranger_measures(known, strangers) | {
        "threshold": threshold,
        "rejected_known": float(np.mean(known > threshold)),
        "rejected_strangers": float(np.mean(strangers > threshold)),
    }


def held_class_rejection(
    means: Float[Tensor, "classes dim"], calibration: Part, asked: Part, distance: str, alpha: float
) -> dict[str, float]:
    """Return means of `rejection` over folds of classes that are strangers in turn.

    The classes are dealt into at most 10 folds. With the means of one fold away, its embeddings in `asked`
    are strangers; threshold and the known are of the other classes.

    Args:
        means: K x N of other embeddings, NaN for a class that has none.
        calibration: embeddings that set the threshold.
        asked: embeddings to accept or reject.
        distance: "euclidean" or "cosine", to the nearest mean.
        alpha: share of known embeddings that may be rejected.
    """
    classes = means.isfinite().all(1).nonzero()[:, 0]
    folds = min(FOLDS, len(classes))
    fold_of = torch.full((len(means),), -1)
    fold_of[classes] = torch.arange(len(classes)) % folds
    parts = [
        (fold_of[part.target].numpy(), nearest_of_others(part.embeddings, means, fold_of, distance, folds))
        for part in (calibration, asked)
    ]
    rows = []
    for fold in range(folds):
        (of_calibration, near_calibration), (of_asked, near_asked) = parts
        rows.append(
            rejection(
                near_calibration[of_calibration != fold, fold],
                near_asked[of_asked != fold, fold],
                near_asked[of_asked == fold, fold],
                alpha,
            )
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def nearest_distances(
    embeddings: Float[Tensor, "sample dim"], means: Float[Tensor, "classes dim"], distance: str
) -> Float[np.ndarray, " sample"]:
    """Return distances to the nearest of K x N means, those of NaN left out."""
    in_no_fold = torch.full((len(means),), -1)
    return nearest_of_others(embeddings, means, in_no_fold, distance, folds=1)[:, 0]


def nearest_of_others(
    embeddings: Float[Tensor, "sample dim"],
    means: Float[Tensor, "classes dim"],
    fold_of: Int[Tensor, " classes"],
    distance: str,
    folds: int,
) -> Float[np.ndarray, "sample folds"]:
    """Return distances to the nearest mean of the classes outside each fold, means of NaN left out."""
    known, found = means.isfinite().all(1), []
    for block in torch.split(embeddings, max(1, BLOCK // max(means.shape))):
        distances = centroid_distances(block, means, distance)
        away = [~known | (fold_of == fold) for fold in range(folds)]
        least = [distances.masked_fill(mask, torch.inf).min(1).values for mask in away]
        found.append(torch.stack(least, 1))
    return torch.cat(found).numpy()
