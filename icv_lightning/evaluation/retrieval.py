"""How well nearest neighbours among embeddings share a class: Recall@k, R-precision, MAP@R.

In the sense of Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check": R is the number of
pictures of the query's class that can be found.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from icv_lightning.data.spaced import spaced
from icv_lightning.errors import check_at_least
from icv_lightning.evaluation.exact_search import COLUMNS, SPARE, Gallery, own_among_nearest
from icv_lightning.shapes import check_batch

BLOCK = 2**22  # distances held at once, 32 MB
Part = tuple[Float[Tensor, "gallery dim"], Int[Tensor, " gallery"]]


@torch.no_grad()
def retrieval(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    max_queries: int = 10_000,
    ks: Sequence[int] = (1,),
    gallery: Part | None = None,
) -> dict[str, Float[Tensor, ""]]:
    """Return `recall_at_<k>`, `r_precision` and `map_at_r`, float64, by Euclidean distance.

    - `recall_at_<k>`: fraction of queries with one of their class among the k nearest;
    - `r_precision`: mean fraction of a query's R nearest neighbours that are of its class;
    - `map_at_r`: mean of (1/R)·Σ_{i ≤ R} P(i)·[i-th neighbour is of the class], P(i) the precision at i.

    Embeddings of another class at an equal distance come first, so embeddings that all coincide score 0.
    A query without another of its class is left out; without any query the values are NaN. Time grows with
    queries times samples, memory with samples.

    Args:
        embeddings: M x N, the queries.
        target: M.
        max_queries: use at most so many queries, evenly spaced in the sample; at least 1.
        ks: the k of Recall@k.
        gallery: embeddings and classes to search among; None for the other `embeddings`.

    Raises:
        ValueError: `max_queries` below 1, shapes that do not fit each other.
    """
    values = query_values(embeddings, target, max_queries, ks, gallery)
    return {name: column.mean() for name, column in values.items() if name != "query"}


@torch.no_grad()
def query_values(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    max_queries: int = 10_000,
    ks: Sequence[int] = (1,),
    gallery: Part | None = None,
) -> dict[str, Tensor]:
    """Return the values whose means `retrieval` returns, one a query, and `query`, their positions.

    Arguments and errors are those of `retrieval`.
    """
    check_at_least(1, max_queries=max_queries)
    check_batch(target, embeddings)
    query = spaced(len(target), max_queries).to(target.device)
    searched = Gallery.of(*(gallery or (embeddings, target)))
    r = searched.sizes_of(target[query]) - int(gallery is None)
    query, r = query[r > 0], r[r > 0]
    order, blocks = _blocks(r.clamp(min=max(ks)), len(searched.target))
    query, r = query[order], r[order]
    found = []
    for block, needed in zip(torch.split(query, blocks), torch.split(r, blocks), strict=True):
        itself = block if gallery is None else None
        most = max(*ks, int(needed.max()))
        is_own = own_among_nearest(searched, embeddings[block], target[block], itself, most)
        found.append(_values(is_own, needed, ks))
    names = [*(f"recall_at_{k}" for k in ks), "r_precision", "map_at_r"]
    columns = torch.cat(found) if found else embeddings.new_zeros(0, len(names), dtype=torch.float64)
    return {"query": query} | dict(zip(names, columns.unbind(1), strict=True))


def _blocks(most: Int[Tensor, " query"], searched: int) -> tuple[Int[Tensor, " query"], list[int]]:
    """Return an order of queries and how many of them share a block: those that need about as many."""
    order = torch.argsort(most, stable=True)
    blocks: list[int] = []
    needs, counts = torch.unique(most.double().log2().ceil(), return_counts=True)
    for needed, count in zip(needs.tolist(), counts.tolist(), strict=True):
        rows = max(1, BLOCK // max(min(COLUMNS, searched), SPARE * int(2**needed)))
        blocks += [rows] * (count // rows) + ([count % rows] if count % rows else [])
    return order, blocks


def _values(
    is_own: Bool[Tensor, "query nearest"], r: Int[Tensor, " query"], ks: Sequence[int]
) -> Float[Tensor, "query values"]:
    rank = torch.arange(1, is_own.shape[1] + 1, device=r.device)
    hits = (is_own & (rank <= r[:, None])).double()
    recalls = [is_own[:, :k].any(1).double() for k in ks]
    return torch.stack([*recalls, hits.sum(1) / r, (hits * hits.cumsum(1) / rank).sum(1) / r], 1)
