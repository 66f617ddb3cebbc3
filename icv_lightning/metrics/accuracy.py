"""The two accuracies of the paper: highest score (table 2) and nearest centroid (table 1)."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric
from icv_lightning.shapes import check_batch, check_shapes

BLOCK = 2**22  # in memory at once: 16 MB in float32


def nearest_centroid(
    embeddings: Float[Tensor, "batch dim"], centroids: Float[Tensor, "classes dim"]
) -> Int[Tensor, " batch"]:
    """Return the class whose centroid is nearest in Euclidean distance, the first of equals.

    Centroids that are not finite (the mean of a class never seen) are never nearest. Distances are
    differences squared, not expanded products, so they stay exact far from the origin. Classes are compared
    a block at a time, at most `BLOCK` distances in memory at once, whatever the number of classes.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    check_shapes(embeddings, centroids)
    wide = torch.promote_types(embeddings.dtype, torch.promote_types(centroids.dtype, torch.float32))
    embeddings = embeddings.to(wide)
    least = embeddings.new_full(embeddings.shape[:1], torch.inf)
    nearest = torch.zeros_like(least, dtype=torch.int64)
    for start, block in _blocks(centroids, max(1, BLOCK // max(1, len(embeddings)))):
        with torch.autocast(embeddings.device.type, enabled=False):
            distances = torch.cdist(embeddings, block.to(wide), compute_mode="donot_use_mm_for_euclid_dist")
        found, index = distances.nan_to_num(nan=torch.inf).min(dim=1)
        nearest = torch.where(found < least, index + start, nearest)
        least = torch.minimum(found, least)
    return nearest


def _blocks(centroids: Tensor, size: int) -> Iterator[tuple[int, Tensor]]:
    """Yield blocks of rows with the position of their first row."""
    return ((start, centroids[start : start + size]) for start in range(0, len(centroids), size))


class Accuracy(ExactMetric):
    """Fraction of predictions that are right; NaN without samples.

    Sums of counts, so exact under any batching and any number of processes.
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = True
    correct: Tensor
    total: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("correct", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")

    def compute(self) -> Float[Tensor, ""]:
        """Return the accuracy in [0, 1], float64."""
        return self.correct.double() / self.total

    def _count(self, preds: Int[Tensor, " batch"], target: Int[Tensor, " batch"]) -> None:
        self.correct += (preds == target).sum()
        self.total += target.numel()


class HighestScoreAccuracy(Accuracy):
    """Fraction of samples whose highest score (argmax of the logits) is that of their class (table 2)."""

    def update(self, logits: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"]) -> None:
        """Count a batch; raise `ValueError` for shapes or classes that do not fit (`check_batch`)."""
        check_batch(target, logits=logits)
        self._count(logits.argmax(dim=1), target)


class NearestCentroidAccuracy(Accuracy):
    """Fraction of embeddings whose nearest centroid is that of their class (Euclidean, table 1)."""

    def update(
        self,
        embeddings: Float[Tensor, "batch dim"],
        centroids: Float[Tensor, "classes dim"],
        target: Int[Tensor, " batch"],
    ) -> None:
        """Count a batch; raise `ValueError` for shapes or classes that do not fit (`check_batch`)."""
        check_batch(target, embeddings, centroids=centroids)
        self._count(nearest_centroid(embeddings, centroids), target)
