"""Distances of embeddings to class means fitted on all other embeddings, in closed form: one fit, not M.

Without x, of a class of n with mean m, v = x − m: the mean becomes m − v/(n − 1), and the sum of squares
S = M·R_w becomes S − n/(n − 1)·v·vᵀ, whose inverse follows from that of S (Sherman and Morrison 1950).
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cosine_similarity

from icv_lightning.evaluation.distances import SHRINKAGE, centroid_distances
from icv_lightning.variability import class_means, within_class_covariance

BLOCK = 2**22  # numbers held at once, 32 MB


def left_out_distances(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    distance: str = "euclidean",
    shrinkage: float = SHRINKAGE,
) -> Iterator[tuple[slice, Float[Tensor, "block classes"]]]:
    """Yield blocks of M x K distances, float64, and where they stand; infinite to a class without another.

    Args:
        embeddings: M x N.
        target: M classes from 0.
        distance: a distance of `centroid_distances`.
        shrinkage: s in [0, 1], of "mahalanobis".
    """
    means, counts = class_means(embeddings, target), torch.bincount(target)
    covariance = (
        _Covariance(means, counts, embeddings, target, shrinkage) if distance == "mahalanobis" else None
    )
    rows = max(1, BLOCK // max(means.shape))
    for start in range(0, len(target), rows):
        block = slice(start, start + rows)
        points, own = embeddings[block].double(), target[block, None]
        if covariance is None:
            found = centroid_distances(points, means, distance)
            n = counts[own].double()
            left = (n * means[own[:, 0]] - points) / (n - 1)
            to_own = (
                (points - left).norm(dim=1)
                if distance == "euclidean"
                else 1 - cosine_similarity(points, left)
            )
            found.scatter_(1, own, to_own[:, None])
        else:
            found = covariance.squared(points, own).clamp(min=0).sqrt()
        found.scatter_(1, own, torch.where(counts[own] > 1, found.gather(1, own), torch.inf))
        yield block, found.nan_to_num(nan=torch.inf, posinf=torch.inf)


class _Covariance:
    """The shared covariance in its principal axes, where shrinking is adding to eigenvalues."""

    def __init__(
        self, means: Tensor, counts: Tensor, embeddings: Tensor, target: Tensor, shrinkage: float
    ) -> None:
        self.counts, self.size, self.shrinkage = counts, len(target), shrinkage
        self.middle = means.nanmean(0)
        values, self.axes = torch.linalg.eigh(within_class_covariance(embeddings, target))
        self.sums = values.clamp(min=0) * self.size  # of squares along the axes
        self.means = (means - self.middle) @ self.axes

    def squared(
        self, embeddings: Float[Tensor, "block dim"], own: Int[Tensor, "block 1"]
    ) -> Float[Tensor, "block classes"]:
        """Return squared distances to all means; R and the own mean are those without the embedding."""
        x, n, others, s = (
            (embeddings - self.middle) @ self.axes,
            self.counts[own].double(),
            self.size - 1,
            self.shrinkage,
        )
        v, lost = x - self.means[own[:, 0]], torch.where(n > 1, n / (n - 1), 0.0)
        trace = self.sums.sum() - lost * v.square().sum(1, keepdim=True)
        inverse = others / ((1 - s) * self.sums + s * trace / x.shape[1])
        weighted = inverse * v
        to_means = (inverse * x.square()).sum(1, keepdim=True) - 2 * (inverse * x) @ self.means.T
        to_means = to_means + inverse @ self.means.square().T
        along = (x * weighted).sum(1, keepdim=True) - weighted @ self.means.T
        to_own = (v * weighted).sum(1, keepdim=True)
        to_means.scatter_(1, own, lost.square() * to_own)
        along.scatter_(1, own, lost * to_own)
        removed = (1 - s) / others * lost
        return to_means + removed * along.square() / (1 - removed * to_own)
