"""Class means, within-class and between-class variance of a stream of embeddings (paper, section 2.2)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric
from icv_lightning.shapes import check_batch


class ClassVariance(ExactMetric):
    """Within-class variance Σ P_k var(X_k), between-class variance Σ P_k ‖mean_k − mean‖², class means.

    States per class are count, mean and sum of squared deviations in float64, merged pairwise (Chan,
    Golub and LeVeque 1983): one pass, exact under any batching and any number of processes, stable far
    from the origin.

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.

    Raises:
        ValueError: a size below 1.
    """

    full_state_update = True  # a call cannot merge states by their sum
    is_differentiable = False
    count: Tensor
    mean: Tensor
    squares: Tensor

    def __init__(self, num_classes: int, embedding_dim: int) -> None:
        super().__init__()
        if num_classes < 1 or embedding_dim < 1:
            raise ValueError(
                f"num_classes and embedding_dim must be at least 1, got {num_classes}, {embedding_dim}"
            )
        zeros = torch.zeros(num_classes, dtype=torch.float64)
        self.add_state("count", zeros, dist_reduce_fx=None)
        self.add_state("mean", zeros.new_zeros(num_classes, embedding_dim), dist_reduce_fx=None)
        self.add_state("squares", zeros, dist_reduce_fx=None)

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Merge a batch; raise `ValueError` for shapes or classes that do not fit (`check_batch`)."""
        check_batch(target, embeddings, centroids=self.mean)
        values = embeddings.detach().double()
        count = torch.zeros_like(self.count).index_add_(0, target, torch.ones_like(values[:, 0]))
        mean = torch.zeros_like(self.mean).index_add_(0, target, values) / count.clamp(min=1)[:, None]
        deviations = (values - mean[target]).square().sum(1)
        squares = torch.zeros_like(self.squares).index_add_(0, target, deviations)
        self.count, self.mean, self.squares = _merge(
            (self.count, self.mean, self.squares), (count, mean, squares)
        )

    def compute(self) -> dict[str, Tensor]:
        """Return `class_means` (K x N), `var_per_class` (K), `var_within`, `var_between`, float64.

        A class never seen has NaN in the first two.
        """
        count, mean, squares = self._merged()
        prior = count / count.sum()
        between = (mean - (prior[:, None] * mean).sum(0)).square().sum(1)
        return {
            "class_means": torch.where(count[:, None] > 0, mean, torch.nan),
            "var_per_class": squares / count,
            "var_within": squares.sum() / count.sum(),
            "var_between": (prior * between).sum(),
        }

    def _merged(self) -> tuple[Tensor, Tensor, Tensor]:
        if self.count.ndim == 1:
            return self.count, self.mean, self.squares
        parts = list(zip(self.count, self.mean, self.squares, strict=True))  # one a process
        merged = parts[0]
        for part in parts[1:]:
            merged = _merge(merged, part)
        return merged


def _merge(
    a: tuple[Tensor, Tensor, Tensor], b: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    count = a[0] + b[0]
    share = b[0] / count.clamp(min=1)
    shift = b[1] - a[1]
    mean = a[1] + share[:, None] * shift
    return count, mean, a[2] + b[2] + a[0] * share * shift.square().sum(1)
