"""Classes of embeddings by rules of rising cost, fitted on other embeddings or on all but the one asked for.

With class means m_k, within-class covariance R_w and priors P_k, the class of z is that of the least
- "euclidean": ‖z − m_k‖;
- "cosine": 1 − cos(z, m_k);
- "mahalanobis": (z − m_k)ᵀ R⁻¹ (z − m_k), R = (1 − s)·R_w + s·(tr R_w / N)·I with s = 0.01;
- "lda": the same less 2·log P_k, with s = 10⁻⁶, which only makes R invertible: Bayes' rule where classes are
  normal with equal covariances;
- "knn": no mean, the class of most of the 10 nearest embeddings, the lowest of equals.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from sklearn.neighbors import NearestNeighbors
from torch import Tensor
from torch.nn.functional import one_hot

from icv_lightning.errors import check_choice
from icv_lightning.evaluation.distances import SHRINKAGE, centroid_distances
from icv_lightning.evaluation.leave_one_out import left_out_distances
from icv_lightning.variability import class_means, within_class_covariance

RULES = ("euclidean", "cosine", "mahalanobis", "knn", "lda")
LDA_SHRINKAGE = 1e-6
NEIGHBOURS = 10
BLOCK = 2**22  # numbers held at once, 32 MB


class Part(NamedTuple):
    """M x N embeddings and their classes from 0."""

    embeddings: Float[Tensor, "sample dim"]
    target: Int[Tensor, " sample"]


def rule_preds(
    rule: str, fitted: Part, asked: Float[Tensor, "asked dim"] | None = None
) -> Int[Tensor, " asked"]:
    """Return the class that a rule gives to each embedding.

    Args:
        rule: one of `RULES`.
        fitted: the sample that the rule is fitted on.
        asked: embeddings to classify; None for `fitted`, each embedding by a rule fitted on all others.

    Raises:
        ValueError: another rule.
    """
    check_choice("rule", rule, RULES)
    if rule == "knn":
        return vote(fitted.target[neighbours(fitted.embeddings, asked)])
    counts, preds = torch.bincount(fitted.target), []
    for rows, distances in _distances(rule, fitted, asked):
        if rule == "lda":
            n = counts if asked is not None else counts - one_hot(fitted.target[rows], len(counts))
            distances = distances.square() - 2 * n.log()
        preds.append(distances.nan_to_num(nan=torch.inf, posinf=torch.inf).argmin(1))
    return torch.cat(preds)


def _distances(rule: str, fitted: Part, asked: Tensor | None) -> Iterator[tuple[slice, Tensor]]:
    """Yield distances to class means, some rows at a time, and where they stand."""
    distance, shrinkage = ("mahalanobis", LDA_SHRINKAGE) if rule == "lda" else (rule, SHRINKAGE)
    if asked is None:
        yield from left_out_distances(*fitted, distance, shrinkage)
        return
    means, within = class_means(*fitted), within_class_covariance(*fitted)
    rows = max(1, BLOCK // max(means.shape))
    for start in range(0, len(asked), rows):
        block = slice(start, start + rows)
        yield block, centroid_distances(asked[block], means, distance, within, shrinkage)


def neighbours(
    embeddings: Float[Tensor, "sample dim"], asked: Float[Tensor, "asked dim"] | None = None
) -> Int[Tensor, "asked neighbour"]:
    """Return the positions of the 10 nearest `embeddings`, the nearest first, or all where there are fewer.

    `asked` None takes each of `embeddings`, itself left out.
    """
    found = NearestNeighbors(algorithm="brute").fit(embeddings.numpy())
    most = min(NEIGHBOURS, len(embeddings) - (asked is None))
    queries = None if asked is None else asked.numpy()
    return torch.from_numpy(found.kneighbors(queries, most, return_distance=False))


def vote(classes: Int[Tensor, "asked neighbour"]) -> Int[Tensor, " asked"]:
    """Return the class that stands most often in each row, the lowest of equals."""
    return classes.mode(1).values
