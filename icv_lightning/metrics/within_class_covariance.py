"""Within-class and between-class covariance in one pass (section 2.2)."""

import torch
from torch import Tensor

from icv_lightning.metrics.class_moments import ClassMoments


class WithinClassCovariance(ClassMoments):
    """Within-class covariance R_w = Σ P_k R(X_k), its between-class counterpart, class means.

    States and precision are those of `ClassMoments`; `spread` holds the N x N co-moments over all classes,
    which is all that R_w needs: memory O(K·N + N²), a batch O((B + K)·N²). `ClassVariance` has the traces
    alone, for O((B + K)·N).

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.

    Raises:
        ValueError: a size below 1.
    """

    def __init__(self, num_classes: int, embedding_dim: int) -> None:
        super().__init__(num_classes, embedding_dim, (embedding_dim, embedding_dim))

    def compute(self) -> dict[str, Tensor]:
        """Return `class_means` (K x N, NaN for a class never seen), `within`, `between` (N x N), float64."""
        count, mean, comoments = self.merged()
        prior = count / count.sum()
        offset = mean - prior @ mean
        return {
            "class_means": torch.where(count[:, None] > 0, mean, torch.nan),
            "within": (comoments + comoments.T) / (2 * count.sum()),  # symmetric to the last bit
            "between": (prior[:, None] * offset).T @ offset,
        }

    def within(self, deviations: Tensor, target: Tensor) -> Tensor:
        """Return the co-moments of a batch."""
        return deviations.T @ deviations

    def between(self, weight: Tensor, shift: Tensor) -> Tensor:
        """Return the co-moments over all classes."""
        return (weight[:, None] * shift).T @ shift
