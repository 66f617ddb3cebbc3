"""What scores of pairs are worth: ROC, AUC, EER, TAR at stated FARs, k-fold accuracy of a threshold.

A pair is genuine (one person) or an impostor's (two). A higher score means "one person"; a pair is accepted
whose score is at least the threshold. FAR is the fraction of impostor pairs accepted, TAR that of genuine.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.metrics import roc_curve
from torch import Tensor
from torch.nn.functional import cosine_similarity

from icv_lightning.errors import check_choice

DISTANCES = ("euclidean", "cosine")
FARS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

Scores = Float[np.ndarray, " pair"]
Genuine = Bool[np.ndarray, " pair"]


class Curve(NamedTuple):
    """The ROC: `far` and `tar` at falling `thresholds`, from (0, 0) at infinity to (1, 1)."""

    far: Float[np.ndarray, " point"]
    tar: Float[np.ndarray, " point"]
    thresholds: Float[np.ndarray, " point"]


def pair_scores(first: Float[Tensor, "pair dim"], second: Float[Tensor, "pair dim"], distance: str) -> Scores:
    """Return the scores of pairs of embeddings, float64: −‖a − b‖ for "euclidean", cos(a, b) for "cosine".

    Raises:
        ValueError: another distance.
    """
    check_choice("distance", distance, DISTANCES)
    a, b = first.double().cpu(), second.double().cpu()
    found = -(a - b).norm(dim=1) if distance == "euclidean" else cosine_similarity(a, b)
    return np.asarray(found)


def roc(scores: Scores, genuine: Genuine) -> Curve:
    """Return the ROC with every threshold that changes it.

    Raises:
        ValueError: not one score a pair, scores that are not finite, or no pair of one of the two kinds.
    """
    _check(scores, genuine)
    return Curve(*roc_curve(genuine, scores, drop_intermediate=False))


def area(curve: Curve) -> float:
    """Return the area under the ROC: the chance that a genuine pair scores above an impostor's, ties half."""
    return float(np.trapezoid(curve.tar, curve.far))


def equal_error_rate(curve: Curve) -> float:
    """Return the rate where FAR = 1 − TAR, on straight lines between the points of the ROC."""
    gap = curve.far - (1 - curve.tar)  # rises from −1 to 1
    k = int(np.argmax(gap >= 0))
    share = -gap[k - 1] / (gap[k] - gap[k - 1])
    return float(curve.far[k - 1] + share * (curve.far[k] - curve.far[k - 1]))


def tar_at_far(curve: Curve, far: float) -> float:
    """Return the highest TAR at a threshold whose FAR is at most `far`, without interpolation."""
    return float(curve.tar[curve.far <= far + 1e-12].max())


def fold_accuracies(
    scores: Scores, genuine: Genuine, fold: Int[np.ndarray, " pair"]
) -> Float[np.ndarray, " fold"]:
    """Return for each fold the share of its pairs decided rightly by the threshold of all other folds.

    The threshold lies halfway between neighbouring scores of the other folds; of those that decide most of
    their pairs rightly, the middle one is taken. LFW's protocol (Huang et al. 2007, view 2) has ten folds.

    Raises:
        ValueError: as in `roc`, or fewer than two folds.
    """
    _check(scores, genuine)
    folds = np.unique(fold)
    if len(folds) < 2:
        raise ValueError(f"fold must name at least 2 folds, got {len(folds)}")
    found = []
    for k in folds:
        threshold = best_threshold(scores[fold != k], genuine[fold != k])
        found.append(float(np.mean((scores[fold == k] >= threshold) == genuine[fold == k])))
    return np.asarray(found)


def best_threshold(scores: Scores, genuine: Genuine) -> float:
    """Return the threshold that decides most pairs rightly, the middle one of equals."""
    values = np.unique(scores)
    candidates = np.concatenate(
        [[values[0]], (values[:-1] + values[1:]) / 2, [np.nextafter(values[-1], np.inf)]]
    )
    own, others = np.sort(scores[genuine]), np.sort(scores[~genuine])
    right = len(own) - np.searchsorted(own, candidates) + np.searchsorted(others, candidates)
    best = np.flatnonzero(right == right.max())
    return float(candidates[best[len(best) // 2]])


def verification_measures(
    scores: Scores,
    genuine: Genuine,
    fold: Int[np.ndarray, " pair"] | None = None,
    fars: Sequence[float] = FARS,
) -> Mapping[str, float]:
    """Return all measures by name: `auc`, `eer`, `tar_at_far_…`, and with folds `accuracy`, `accuracy_se`.

    A FAR is measured only where it lets at least one impostor pair through: FAR times their number is 1 or
    more. `accuracy_se` is the standard error of the mean over folds, as LFW asks for; folds share their
    thresholds' pairs, so it is no confidence interval.

    Raises:
        ValueError: as in `roc` and `fold_accuracies`.
    """
    curve = roc(scores, genuine)
    impostors = int((~genuine).sum())
    found = {"auc": area(curve), "eer": equal_error_rate(curve)}
    found |= {f"tar_at_far_{far:g}": tar_at_far(curve, far) for far in fars if far * impostors >= 1 - 1e-9}
    if fold is not None:
        rates = fold_accuracies(scores, genuine, fold)
        found |= {
            "accuracy": float(rates.mean()),
            "accuracy_se": float(rates.std(ddof=1) / len(rates) ** 0.5),
        }
    return found


def _check(scores: Scores, genuine: Genuine) -> None:
    if scores.shape != genuine.shape:
        raise ValueError(f"scores must be one a pair, got {scores.shape} for {genuine.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    if genuine.all() or not genuine.any():
        raise ValueError(f"genuine must hold both kinds of pairs, got {int(genuine.sum())} of {len(genuine)}")
