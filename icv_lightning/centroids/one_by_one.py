"""Centroids that follow each sample in turn, outside back-propagation (KN-FR, equation 8)."""

from collections.abc import Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.centroids.rule import CentroidRule, check_alpha
from icv_lightning.distributed import processes


def one_by_one_offset(
    embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"], num_classes: int, alpha: float
) -> tuple[Float[Tensor, "classes dim"], Int[Tensor, " classes"]]:
    """Return what equation 8 adds to each centroid over a batch, in batch order, and its number of steps.

    n_k steps C ← (1−α)·C + α·z are one step C ← (1−α)^n_k·C + Σ_j α(1−α)^(r_j)·z_j, r_j the samples of
    the class that come after j. Nothing is divided by a power, so no batch is too long and no α too near 1.
    """
    counts = target.new_zeros(num_classes).index_add_(0, target, torch.ones_like(target))
    order = target.argsort(stable=True)
    place = torch.empty_like(target).index_copy_(0, order, torch.arange(len(target), device=target.device))
    later = counts.cumsum(0)[target] - 1 - place
    share = alpha * _kept(later.to(embeddings.dtype), alpha)
    offset = embeddings.new_zeros(num_classes, embeddings.shape[1])
    return offset.index_add_(0, target, share[:, None] * embeddings), counts


def one_by_one(
    centroids: Float[Tensor, "classes dim"],
    parts: Iterable[tuple[Float[Tensor, "classes dim"], Tensor]],
    alpha: float,
) -> Float[Tensor, "classes dim"]:
    """Return the centroids after the offsets and counts of successive `parts` of a batch (equation 8)."""
    for offset, counts in parts:
        centroids = _kept(counts.to(centroids.dtype), alpha)[:, None] * centroids + offset
    return centroids


class OneByOneCentroids(CentroidRule):
    """Class centroids C (K x N) moved by each sample, in batch order: C_y ← (1−α)·C_y + α·z (equation 8).

    Exact, without a loop over samples. After t samples of a class, C_k is the exponentially weighted mean
    (1−α)^t·C_k⁰ + Σ_i α(1−α)^(t−i)·z_i.

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.
        alpha: α, above 0 and at most 1; n samples of a class weigh 1 − (1−α)^n together.
        init: "zeros", "normal" for independent normal coordinates, or "class_means": a class starts at
            the mean of the first batch that holds it.
        std: standard deviation of "normal", positive.

    Raises:
        ValueError: a size below 1, `alpha` outside (0, 1], an unknown `init`, or `std` not positive.
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        alpha: float = 0.03,
        init: str = "zeros",
        std: float = 1.0,
    ) -> None:
        super().__init__(num_classes, embedding_dim, init, std, learned=False)
        self.alpha = check_alpha(alpha)

    @torch.no_grad()
    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Move the centroids of the batch's classes, sample after sample, rank 0's first."""
        self.prepare(embeddings, target)
        values = embeddings.to(self.weight.dtype)
        offset, counts = one_by_one_offset(values, target, len(self.weight), self.alpha)
        parts = [(offset, counts)]
        if (world := processes()) > 1:
            parts = list(zip(_gathered(offset, world), _gathered(counts, world), strict=True))
        self._move(one_by_one(self.weight, parts, self.alpha))

    def extra_repr(self) -> str:
        """Show α in the module's printed form."""
        return f"alpha={self.alpha}"


def _kept(steps: Tensor, alpha: float) -> Tensor:
    """Return (1−α)^steps; through the logarithm, as 1 − α itself rounds too coarsely for many steps."""
    return torch.special.xlog1py(steps, -alpha).exp()


def _gathered(tensor: Tensor, world: int) -> list[Tensor]:
    parts = [torch.empty_like(tensor) for _ in range(world)]
    torch.distributed.all_gather(parts, tensor)
    return parts
