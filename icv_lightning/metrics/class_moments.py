"""Counts, means and sums around the means by class, merged pairwise (Chan, Golub and LeVeque 1983)."""

import torch
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric

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
        if num_classes < 1 or embedding_dim < 1:
            raise ValueError(
                f"num_classes and embedding_dim must be at least 1, got {num_classes}, {embedding_dim}"
            )
        for name, shape in {
            "count": (num_classes,),
            "mean": (num_classes, embedding_dim),
            "spread": spread,
        }.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx=None)

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

    def between(self, weight: Tensor, shift: Tensor) -> Tensor:
        """Return what `spread` gains where class means differ by `shift` (K x N), weighted by class (K)."""
        raise NotImplementedError
