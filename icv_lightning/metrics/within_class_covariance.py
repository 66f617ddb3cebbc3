"""Within-class and between-class covariance in one pass (section 2.2)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric
from icv_lightning.shapes import check_batch


class WithinClassCovariance(ExactMetric):
    """Within-class covariance R_w = Σ P_k R(X_k), its between-class counterpart, class means.

    States in float64 are count and mean of each class and the N x N sum of co-moments over all classes,
    which is all that R_w needs: memory O(K·N + N²), a batch O(B·N²) whatever K. Exact under any batching
    and any number of processes, stable far from the origin. `ClassVariance` has the traces alone, for O(B·N).

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
    comoments: Tensor

    def __init__(self, num_classes: int, embedding_dim: int) -> None:
        super().__init__()
        if num_classes < 1 or embedding_dim < 1:
            raise ValueError(
                f"num_classes and embedding_dim must be at least 1, got {num_classes}, {embedding_dim}"
            )
        zeros = torch.zeros(num_classes, embedding_dim, dtype=torch.float64)
        self.add_state("count", zeros.new_zeros(num_classes), dist_reduce_fx=None)
        self.add_state("mean", zeros, dist_reduce_fx=None)
        self.add_state("comoments", zeros.new_zeros(embedding_dim, embedding_dim), dist_reduce_fx=None)

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Merge a batch: co-moments grow by Σ (x − old mean)(x − new mean)ᵀ (Welford 1962, for a batch).

        Raises:
            ValueError: shapes or classes that do not fit (`check_batch`).
        """
        check_batch(target, embeddings, centroids=self.mean)
        values = embeddings.detach().double()
        added = torch.zeros_like(self.count).index_add_(0, target, torch.ones_like(values[:, 0]))
        batch_mean = torch.zeros_like(self.mean).index_add_(0, target, values) / added.clamp(min=1)[:, None]
        # A class met for the first time has no old mean; its batch mean keeps the products small.
        old = torch.where(self.count[:, None] > 0, self.mean, batch_mean)
        self.count = self.count + added
        self.mean = old + (added / self.count.clamp(min=1))[:, None] * (batch_mean - old)
        products = (values - old[target]).T @ (values - self.mean[target])
        self.comoments = self.comoments + (products + products.T) / 2

    def compute(self) -> dict[str, Tensor]:
        """Return `class_means` (K x N, NaN for a class never seen), `within`, `between` (N x N), float64."""
        count, mean, comoments = self._merged()
        prior = count / count.sum()
        offset = mean - prior @ mean
        return {
            "class_means": torch.where(count[:, None] > 0, mean, torch.nan),
            "within": comoments / count.sum(),
            "between": (prior[:, None] * offset).T @ offset,
        }

    def _merged(self) -> tuple[Tensor, Tensor, Tensor]:
        if self.count.ndim == 1:
            return self.count, self.mean, self.comoments
        parts = list(zip(self.count, self.mean, self.comoments, strict=True))  # one a process
        merged = parts[0]
        for part in parts[1:]:
            merged = _merge(merged, part)
        return merged


def explained(covariance: Float[Tensor, "dim dim"], components: int) -> Float[Tensor, " components"]:
    """Return the shares of the trace that the first principal components explain, largest first.

    NaN where the trace is 0 or not finite.
    """
    if not covariance.isfinite().all():
        return torch.full_like(covariance[0, :components], torch.nan)
    variances = torch.linalg.eigvalsh(covariance).flip(0).clamp(min=0)
    return (variances / variances.sum())[:components]


def _merge(
    a: tuple[Tensor, Tensor, Tensor], b: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    count = a[0] + b[0]
    share = b[0] / count.clamp(min=1)
    shift = b[1] - a[1]
    mean = a[1] + share[:, None] * shift
    return count, mean, a[2] + b[2] + ((a[0] * share)[:, None] * shift).T @ shift
