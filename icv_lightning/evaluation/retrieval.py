"""How well nearest neighbours among embeddings share a class: Recall@k, R-precision, MAP@R.

In the sense of Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check": R is the number of
pictures of the query's class that can be found. Exact: every distance is computed, in float64, in blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from icv_lightning.shapes import check_batch

BLOCK = 2**22  # distances held at once, 32 MB
COLUMNS = 2**12  # of them to so many of the gallery, whose conversion to float64 then serves 1024 queries
EXACT_DIM = 16  # up to this N differences are squared; beyond it expanded products are several times faster

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
    if max_queries < 1:
        raise ValueError(f"max_queries must be at least 1, got {max_queries}")
    check_batch(target, embeddings)
    size = len(target)
    query = torch.linspace(0, size - 1, min(size, max_queries), dtype=torch.float64).round().long()
    query = query.to(target.device)
    searched = _Searched.of(*(gallery or (embeddings, target)))
    query = query[searched.sizes_of(target[query]) > (gallery is None)]
    query = query[torch.argsort(target[query], stable=True)]  # classes of like size share a block
    largest = max(1, min(len(searched.embeddings), COLUMNS), 2 * max(searched.sizes.tolist(), default=0))
    rows = max(1, BLOCK // largest)
    found = [
        _values(searched, embeddings[block], target[block], ks, block if gallery is None else None)
        for block in torch.split(query, rows)
        if len(block)
    ]
    names = [*(f"recall_at_{k}" for k in ks), "r_precision", "map_at_r"]
    columns = torch.cat(found) if found else embeddings.new_zeros(0, len(names), dtype=torch.float64)
    return {"query": query} | dict(zip(names, columns.unbind(1), strict=True))


@dataclass(frozen=True)
class _Searched:
    """What is searched, in order of class: class k from `first[k]` to `first[k] + sizes[k]`.

    Attributes:
        embeddings: G x N.
        place: G, where the embeddings stood before they were sorted.
        first: K.
        sizes: K.
        middle: N, subtracted before expanded products, which lose digits far from the origin; medians, so
            that whole numbers stay whole and an outlier does no harm.
        squares: G, ‖embedding − middle‖².
    """

    embeddings: Float[Tensor, "gallery dim"]
    place: Int[Tensor, " gallery"]
    first: Int[Tensor, " classes"]
    sizes: Int[Tensor, " classes"]
    middle: Float[Tensor, " dim"]
    squares: Float[Tensor, " gallery"]

    @classmethod
    def of(cls, embeddings: Tensor, target: Tensor) -> "_Searched":
        place, sizes = torch.argsort(target, stable=True), torch.bincount(target)
        some = embeddings[:: max(1, len(embeddings) // 1000)].double()
        middle = some.median(0).values if len(some) else some.new_zeros(embeddings.shape[1])
        ordered, squares = embeddings[place], middle.new_empty(len(place))
        blocks = zip(torch.split(squares, COLUMNS), torch.split(ordered, COLUMNS), strict=True)
        for part, block in blocks:
            part[:] = (
                (block - middle).square().sum(1)
            )  # in place: small results among large ones waste memory
        return cls(ordered, place, sizes.cumsum(0) - sizes, sizes, middle, squares)

    def sizes_of(self, target: Int[Tensor, " some"]) -> Int[Tensor, " some"]:
        known = target < len(self.sizes)
        return torch.where(known, self.sizes[torch.where(known, target, 0)], 0) if len(target) else target

    def distances(self, queries: Float[Tensor, "query dim"]) -> Iterator[tuple[int, Tensor]]:
        """Yield columns of what orders the gallery by distance to each query, and the first one's place.

        The next ones may take their memory: allocating anew for each leaves gaps that add up to gigabytes.
        """
        is_exact = queries.shape[1] <= EXACT_DIM
        queries = queries.double() if is_exact else queries.double() - self.middle
        width = min(COLUMNS, len(self.embeddings))
        points, found = queries.new_empty(width, queries.shape[1]), queries.new_empty(len(queries) * width)
        for start in range(0, len(self.embeddings), COLUMNS):
            block = self.embeddings[start : start + COLUMNS]
            if is_exact:
                yield start, torch.cdist(queries, block.double(), compute_mode="donot_use_mm_for_euclid_dist")
                continue
            squares, size = self.squares[start : start + COLUMNS], len(block)
            centred = torch.sub(block, self.middle, out=points[:size])
            out = found[: len(queries) * size].view(len(queries), size)
            yield start, torch.addmm(squares, queries, centred.T, alpha=-2, out=out)  # less ‖query‖²


def _values(
    searched: _Searched,
    queries: Float[Tensor, "query dim"],
    target: Int[Tensor, " query"],
    ks: Sequence[int],
    itself: Int[Tensor, " query"] | None,
) -> Float[Tensor, "query values"]:
    sizes = searched.sizes[target]
    position = torch.arange(int(sizes.max()), device=target.device)
    columns, own = searched.first[target][:, None] + position, position < sizes[:, None]
    r = sizes[:, None] - int(itself is not None)
    near, strange = _near_and_strange(searched, queries, columns, own, max(*ks, int(r.max())))
    if itself is not None:
        near[searched.place[columns.clamp(max=len(searched.place) - 1)] == itself[:, None]] = torch.inf
    near = near.sort(1).values[:, : int(r.max())].contiguous()
    position = torch.arange(1, near.shape[1] + 1, device=target.device)
    rank = position + torch.searchsorted(strange, near, right=True)
    hits = ((rank <= r) & (position <= r)).double()
    recalls = [(rank[:, :1] <= k).double() for k in ks]
    return torch.cat(
        [*recalls, hits.sum(1, keepdim=True) / r, (hits * position / rank).sum(1, keepdim=True) / r], dim=1
    )


def _near_and_strange(
    searched: _Searched,
    queries: Float[Tensor, "query dim"],
    columns: Int[Tensor, "query own"],
    own: Bool[Tensor, "query own"],
    most: int,
) -> tuple[Float[Tensor, "query own"], Float[Tensor, "query strange"]]:
    """Return distances to all of the own class, infinite where not `own`, and the `most` least to others."""
    near = torch.full(columns.shape, torch.inf, dtype=torch.float64, device=columns.device)
    strange = near[:, :0]
    for start, distances in searched.distances(queries):
        row, position = (own & (columns >= start) & (columns < start + distances.shape[1])).nonzero(
            as_tuple=True
        )
        column = columns[row, position] - start
        near[row, position] = distances[row, column]
        distances[row, column] = torch.inf
        least = distances.topk(min(most, distances.shape[1]), largest=False).values
        strange = least if not start else torch.cat([strange, least], 1).sort(1).values[:, :most]
    return near, strange.contiguous()
