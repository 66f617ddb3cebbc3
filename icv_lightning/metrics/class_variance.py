"""Class means, within-class and between-class variance of a stream of embeddings (paper, section 2.2)."""

import torch
from torch import Tensor

from icv_lightning.metrics.class_moments import ClassMoments


class ClassVariance(ClassMoments):
    """Within-class variance Σ P_k var(X_k), between-class variance Σ P_k ‖mean_k − mean‖², class means.

    States and precision are those of `ClassMoments`; `spread` holds the squared deviations of each class.

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.

    Raises:
        ValueError: a size below 1.
    """

    def __init__(self, num_classes: int, embedding_dim: int) -> None:
        super().__init__(num_classes, embedding_dim, (num_classes,))

    def compute(self) -> dict[str, Tensor]:
        """Return `class_means` (K x N), `var_per_class` (K), `var_within`, `var_between`, float64.

        A class never seen has NaN in the first two.
        """
        count, mean, squares = self.merged()
        prior = count / count.sum()
        between = (mean - (prior[:, None] * mean).sum(0)).square().sum(1)
        return {
            "class_means": torch.where(count[:, None] > 0, mean, torch.nan),
            "var_per_class": squares / count,
            "var_within": squares.sum() / count.sum(),
            "var_between": (prior * between).sum(),
        }

    def within(self, deviations: Tensor, target: Tensor) -> Tensor:
        """Return the squared deviations of a batch by class."""
        return torch.zeros_like(self.spread).index_add_(0, target, deviations.square().sum(1))

    def between(self, weight: Tensor, shift: Tensor) -> Tensor:
        """Return the squared deviations by class."""
        return weight * shift.square().sum(1)
