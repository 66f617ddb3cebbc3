"""Centroids that follow the class means of each batch, outside back-propagation (equation 7)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.centroids.rule import CentroidRule, check_alpha

STEPS = ("mean", "wen")


class BatchMeanCentroids(CentroidRule):
    """Class centroids C (K x N) that follow the means of each batch: C_k ← (1−α)·C_k + α·mean_k (equation 7).

    Classes absent from a batch stay. After t batches with a class, C_k is the exponentially weighted mean
    (1−α)^t·C_k⁰ + Σ_i α(1−α)^(t−i)·mean_k^i.

    With `step="wen"` the step is that of Wen et al. 2016, C_k ← C_k − α·Σ_j (C_k − z_j) / (1 + n_k), which
    is shorter by n_k / (1 + n_k), n_k the samples of class k in the batch.

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.
        alpha: α, above 0 and at most 1.
        init: "zeros", "normal" for independent normal coordinates, or "class_means": a class starts at
            the mean of the first batch that holds it.
        std: standard deviation of "normal", positive.
        step: "mean" (equation 7) or "wen".

    Raises:
        ValueError: a size below 1, `alpha` outside (0, 1], an unknown `init` or `step`, `std` not positive.
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        alpha: float = 0.5,
        init: str = "zeros",
        std: float = 1.0,
        step: str = "mean",
    ) -> None:
        super().__init__(num_classes, embedding_dim, init, std, learned=False)
        if step not in STEPS:
            raise ValueError(f"step must be 'mean' or 'wen', got {step!r}")
        self.alpha, self.step = check_alpha(alpha), step

    @torch.no_grad()
    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Move the centroids of the batch's classes."""
        self.prepare(embeddings, target)
        means, counts = self._class_means(embeddings, target)
        share = counts / (1 + counts) if self.step == "wen" else (counts > 0).to(counts.dtype)
        self._move(torch.lerp(self.weight, means, self.alpha * share[:, None]))

    def extra_repr(self) -> str:
        """Show α and the step in the module's printed form."""
        return f"alpha={self.alpha}, step={self.step!r}"
