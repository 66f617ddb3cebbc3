"""What every centroid rule shares: the tensor C, where it starts, and sums over classes and processes."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from icv_lightning.distributed import processes
from icv_lightning.errors import check_at_least
from icv_lightning.shapes import check_batch

INITS = ("zeros", "normal", "class_means")


class SparseRows(nn.Parameter):
    """A K x N parameter of which a loss gathers a few rows, and which asks for a sparse gradient of them.

    Only `torch.optim.SparseAdam` and optimizers like it take such a gradient.
    """


class CentroidRule(nn.Module):
    """Class centroids C (K x N): calling the rule gives them, `prepare` and `update` move them.

    A training step is `prepare(embeddings, target)`, the loss with `rule()`, then `update(embeddings,
    target)`, the embeddings detached in both. `prepare` matters with `init="class_means"` alone: there a
    class starts at the mean of the first batch that holds it, before the loss of that batch sees it, and
    stays at zero until then. A loop that leaves `prepare` out gets the same start one step later.

    Neither waits for the device. Under `torch.distributed` all processes come to the same centroids, those
    of one process that saw all their samples, rank 0's first.

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.
        init: "zeros", "normal" for independent normal coordinates, or "class_means".
        std: standard deviation of "normal", positive.
        learned: C is a parameter for the optimizer, else a buffer that `update` moves.
        sparse: the parameter is `SparseRows`.

    Raises:
        ValueError: a size below 1, an unknown `init`, or `std` not positive.
    """

    weight: Tensor
    unseen: Tensor | None

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        init: str = "zeros",
        std: float = 1.0,
        *,
        learned: bool,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        check_at_least(1, num_classes=num_classes, embedding_dim=embedding_dim)
        if init not in INITS:
            raise ValueError(f"init must be 'zeros', 'normal' or 'class_means', got {init!r}")
        if not 0 < std < math.inf:
            raise ValueError(f"std must be positive and finite, got {std}")
        shape = (num_classes, embedding_dim)
        start = std * torch.randn(shape) if init == "normal" else torch.zeros(shape)
        if learned:
            self.weight = SparseRows(start) if sparse else nn.Parameter(start)
        else:
            self.register_buffer("weight", start)
        waits = torch.ones(num_classes, dtype=torch.uint8) if init == "class_means" else None
        self.register_buffer("unseen", waits)

    def forward(self) -> Float[Tensor, "classes dim"]:
        """Return C."""
        return self.weight

    @torch.no_grad()
    def prepare(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Start the classes of the batch that no batch held before at their means (`init="class_means"`).

        Raises:
            ValueError: shapes or classes that do not fit (`check_batch`).
        """
        check_batch(target, embeddings, centroids=self.weight)
        if self.unseen is None:
            return
        means, counts = self._class_means(embeddings, target)
        starts = (self.unseen > 0) & (counts > 0)
        self._move(torch.where(starts[:, None], means, self.weight))
        self.unseen = self.unseen * (counts == 0)

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Move C after a batch, as the rule says."""
        raise NotImplementedError

    def _move(self, weight: Tensor) -> None:
        if isinstance(self.weight, nn.Parameter):
            self.weight.copy_(weight)
        else:
            self.weight = weight  # a new tensor: what the loss saved of the old one stays valid for backward

    def _class_means(self, embeddings: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return means (K x N, 0 for an absent class) and counts (K) over the batches of all processes."""
        rows = torch.cat([embeddings, torch.ones_like(embeddings[:, :1])], 1).to(self.weight.dtype)
        sums = rows.new_zeros(len(self.weight), rows.shape[1]).index_add_(0, target, rows)
        if processes() > 1:
            torch.distributed.all_reduce(sums)
        counts = sums[:, -1]
        return sums[:, :-1] / counts.clamp(min=1)[:, None], counts


def check_alpha(alpha: float) -> float:
    """Return `alpha`; raise ValueError where it is not in (0, 1]."""
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must be above 0 and at most 1, got {alpha}")
    return alpha
