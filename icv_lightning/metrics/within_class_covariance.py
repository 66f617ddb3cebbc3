"""Within-class and between-class covariance in one pass (section 2.2)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.metrics.class_moments import ClassMoments
from icv_lightning.shapes import check_batch


class WithinClassCovariance(ClassMoments):
    """Within-class covariance R_w = Σ P_k R(X_k), its between-class counterpart, class means.

    States and precision are those of `ClassMoments`; `spread` holds the N x N co-moments over all classes,
    which is all that R_w needs: memory O(K·N + N²), a batch O(B·N²) whatever K. `ClassVariance` has the
    traces alone, for O(B·N).

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.

    Raises:
        ValueError: a size below 1.
    """

    def __init__(self, num_classes: int, embedding_dim: int) -> None:
        super().__init__(num_classes, embedding_dim, (embedding_dim, embedding_dim))

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
        self.spread = self.spread + (products + products.T) / 2

    def compute(self) -> dict[str, Tensor]:
        """Return `class_means` (K x N, NaN for a class never seen), `within`, `between` (N x N), float64."""
        count, mean, comoments = self.merged()
        prior = count / count.sum()
        offset = mean - prior @ mean
        return {
            "class_means": torch.where(count[:, None] > 0, mean, torch.nan),
            "within": comoments / count.sum(),
            "between": (prior[:, None] * offset).T @ offset,
        }

    def between(self, weight: Tensor, shift: Tensor) -> Tensor:
        """Return the co-moments over all classes."""
        return (weight[:, None] * shift).T @ shift


def explained(covariance: Float[Tensor, "dim dim"], components: int) -> Float[Tensor, " components"]:
    """Return the shares of the trace that the first principal components explain, largest first.

    NaN where the trace is 0 or not finite.
    """
    if not covariance.isfinite().all():
        return torch.full_like(covariance[0, :components], torch.nan)
    variances = torch.linalg.eigvalsh(covariance).flip(0).clamp(min=0)
    return (variances / variances.sum())[:components]
