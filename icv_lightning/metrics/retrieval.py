"""How well nearest neighbours among embeddings share a class: Recall@1, R-Precision, MAP@R.

In the sense of Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check": each embedding
queries all others; R is the number of others of its class.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from icv_lightning.metrics.exact import ExactMetric

BLOCK = 2**22  # distances held at once, 32 MB
EXACT_DIM = 16  # up to this N differences are squared; beyond it expanded products are several times faster


@torch.no_grad()
def retrieval(
    embeddings: Float[Tensor, "sample dim"], target: Int[Tensor, " sample"], max_queries: int = 10_000
) -> dict[str, Float[Tensor, ""]]:
    """Return `recall_at_1`, `r_precision` and `map_at_r`, float64, by Euclidean distance.

    - `recall_at_1`: fraction of queries whose nearest neighbour is of their class;
    - `r_precision`: mean fraction of a query's R nearest neighbours that are;
    - `map_at_r`: mean of (1/R)·Σ_{i ≤ R} P(i)·[i-th neighbour is of the class], P(i) the precision at i.

    Embeddings of another class at an equal distance come first, so embeddings that all coincide score 0.
    A query alone in its class is left out; without any query the values are NaN. Time grows with queries
    times samples, memory with samples.

    Args:
        embeddings: M x N.
        target: M.
        max_queries: use at most so many queries, evenly spaced in the sample; at least 1.

    Raises:
        ValueError: `max_queries` below 1.
    """
    if max_queries < 1:
        raise ValueError(f"max_queries must be at least 1, got {max_queries}")
    values = embeddings.double()
    if values.shape[1] > EXACT_DIM:
        values = values - values.mean(0)  # expanded products lose digits far from the origin
    size = len(target)
    chosen = torch.linspace(0, size - 1, min(size, max_queries), dtype=torch.float64).round().long()
    is_query = torch.zeros(size, dtype=torch.bool, device=target.device)
    is_query[chosen.to(target.device)] = True
    sums, queries = values.new_zeros(3), 0
    for k in torch.unique(target).tolist():
        own, others = values[target == k], values[target != k]
        rows = is_query[target == k].nonzero()[:, 0]
        if len(own) > 1:
            queries += len(rows)
            for block in torch.split(rows, max(1, BLOCK // size)):
                sums += _precisions(block, own, others)
    return dict(zip(("recall_at_1", "r_precision", "map_at_r"), sums / queries, strict=True))


def _precisions(
    rows: Int[Tensor, " block"], own: Float[Tensor, "own dim"], others: Float[Tensor, "others dim"]
) -> Float[Tensor, " 3"]:
    r = len(own) - 1
    near = _distances(own[rows], own)
    near[torch.arange(len(rows), device=rows.device), rows] = torch.inf
    near = near.sort(dim=1).values[:, :r].contiguous()
    strange = _distances(own[rows], others).topk(min(r, len(others)), largest=False).values
    position = torch.arange(1, r + 1, device=rows.device)
    rank = position + torch.searchsorted(strange, near, right=True)
    hits = (rank <= r).double()
    precision = hits * position / rank
    return torch.stack([(rank[:, 0] == 1).sum(), hits.mean(1).sum(), precision.mean(1).sum()])


def _distances(a: Float[Tensor, "a dim"], b: Float[Tensor, "b dim"]) -> Float[Tensor, "a b"]:
    exact = a.shape[1] <= EXACT_DIM
    mode = "donot_use_mm_for_euclid_dist" if exact else "use_mm_for_euclid_dist"
    return torch.cdist(a, b, compute_mode=mode)


class Retrieval(ExactMetric):
    """`retrieval` over all batches and processes; keeps the embeddings, so meant for the final test.

    Args:
        max_queries: use at most so many queries, evenly spaced in the sample; at least 1.

    Raises:
        ValueError: `max_queries` below 1.
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = True
    embeddings: list[Tensor]
    target: list[Tensor]

    def __init__(self, max_queries: int = 10_000) -> None:
        super().__init__()
        if max_queries < 1:
            raise ValueError(f"max_queries must be at least 1, got {max_queries}")
        self.max_queries = max_queries
        self.add_state("embeddings", [], dist_reduce_fx="cat")
        self.add_state("target", [], dist_reduce_fx="cat")

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Keep a batch."""
        self.embeddings.append(embeddings.detach())
        self.target.append(target)

    def compute(self) -> dict[str, Tensor]:
        """Return `recall_at_1`, `r_precision` and `map_at_r`, float64."""
        return retrieval(dim_zero_cat(self.embeddings), dim_zero_cat(self.target), self.max_queries)
