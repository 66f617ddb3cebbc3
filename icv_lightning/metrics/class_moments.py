"""Counts, means and sums around the means by class, merged pairwise (Chan, Golub and LeVeque 1983)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.errors import check_at_least
from icv_lightning.metrics.exact import ExactMetric
from icv_lightning.shapes import check_batch

Moments = tuple[Tensor, Tensor, Tensor]  # count (K), mean (K x N), sums around the means


class ClassMoments(ExactMetric):
    """Count and mean of each class and `spread`, sums around the class means, all in float64.

    One pass, exact under any batching and any number of processes, stable far from the origin.

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.
        spread: shape of `spread`.

    Raises:
        ValueError: a size below 1.
    """

    full_state_update = True  # a call cannot merge states by their sum
    is_differentiable = False
    count: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, num_classes: int, embedding_dim: int, spread: tuple[int, ...]) -> None:
        super().__init__()
        check_at_least(1, num_classes=num_classes, embedding_dim=embedding_dim)
        shapes = {"count": (num_classes,), "mean": (num_classes, embedding_dim), "spread": spread}
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx=None)

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Merge a batch; raise `ValueError` for shapes or classes that do not fit (`check_batch`)."""
        check_batch(target, embeddings, centroids=self.mean)
        values = embeddings.detach().double()
        count = torch.zeros_like(self.count).index_add_(0, target, torch.ones_like(values[:, 0]))
        mean = torch.zeros_like(self.mean).index_add_(0, target, values) / count.clamp(min=1)[:, None]
        spread = self.within(values - mean[target], target)
        self.count, self.mean, self.spread = self.merge(
            (self.count, self.mean, self.spread), (count, mean, spread)
        )

    def merged(self) -> Moments:
        """Return the moments of all processes."""
        if self.count.ndim == 1:
            return self.count, self.mean, self.spread
        first, *others = zip(self.count, self.mean, self.spread, strict=True)  # one a process
        for other in others:
            first = self.merge(first, other)
        return first

    def merge(self, a: Moments, b: Moments) -> Moments:
        """Return the moments of two samples together."""
        count = a[0] + b[0]
        share = b[0] / count.clamp(min=1)
        shift = b[1] - a[1]
        return count, a[1] + share[:, None] * shift, a[2] + b[2] + self.between(a[0] * share, shift)

    def within(self, deviations: Tensor, target: Tensor) -> Tensor:
        """Return `spread` of a batch, of its deviations (B x N) from its own class means."""
        raise NotImplementedError

    def between(self, weight: Tensor, shift: Tensor) -> Tensor:
        """Return what `spread` gains where class means differ by `shift` (K x N), weighted by class (K)."""
        raise NotImplementedError
