"""How well nearest neighbours among embeddings share a class: Recall@k, R-precision, MAP@R.

In the sense of Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check": R is the number of
pictures of the query's class that can be found. Exact: every distance is computed, in float64, in blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from icv_lightning.data.spaced import spaced
from icv_lightning.evaluation.distances import EXACT_DIM
from icv_lightning.shapes import check_batch

BLOCK = 2**22  # distances held at once, 32 MB
COLUMNS = 2**10  # of them to so many of the gallery, whose conversion to float64 then serves 4096 queries
SPARE = 3  # times as many candidates as are needed stand side by side before the farthest are dropped

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
    query = spaced(len(target), max_queries).to(target.device)
    searched = _Searched.of(*(gallery or (embeddings, target)))
    r = searched.sizes_of(target[query]) - int(gallery is None)
    query, r = query[r > 0], r[r > 0]
    order, blocks = _blocks(r.clamp(min=max(ks)), len(searched.target))
    query, r = query[order], r[order]
    found = []
    for block, needed in zip(torch.split(query, blocks), torch.split(r, blocks), strict=True):
        itself = block if gallery is None else None
        most = max(*ks, int(needed.max()))
        is_own = _own_among_nearest(searched, embeddings[block], target[block], itself, most)
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


@dataclass(frozen=True)
class _Searched:
    """What is searched, in an order drawn at random, so that any part of it is like the whole.

    Attributes:
        embeddings: G x N.
        target: G.
        place: G, where embeddings that stood at 0, 1, … are now.
        sizes: K, of the classes.
        middle: N, subtracted before expanded products, which lose digits far from the origin; medians, so
            that whole numbers stay whole and an outlier does no harm.
        squares: G, ‖embedding − middle‖².
    """

    embeddings: Float[Tensor, "gallery dim"]
    target: Int[Tensor, " gallery"]
    place: Int[Tensor, " gallery"]
    sizes: Int[Tensor, " classes"]
    middle: Float[Tensor, " dim"]
    squares: Float[Tensor, " gallery"]

    @classmethod
    def of(cls, embeddings: Tensor, target: Tensor) -> "_Searched":
        order = torch.randperm(len(target), generator=torch.Generator().manual_seed(0)).to(target.device)
        some = embeddings[:: max(1, len(embeddings) // 1000)].double()
        middle = some.median(0).values if len(some) else some.new_zeros(embeddings.shape[1])
        ordered, squares = embeddings[order], middle.new_empty(len(order))
        blocks = zip(torch.split(squares, COLUMNS), torch.split(ordered, COLUMNS), strict=True)
        for part, block in blocks:  # in place: small results among large ones waste memory
            part[:] = (block - middle).square().sum(1)
        place = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        return cls(ordered, target[order], place, torch.bincount(target), middle, squares)

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


def _own_among_nearest(
    searched: _Searched,
    queries: Float[Tensor, "query dim"],
    target: Int[Tensor, " query"],
    itself: Int[Tensor, " query"] | None,
    most: int,
) -> Bool[Tensor, "query nearest"]:
    """Tell of the `most` nearest of each query, nearest first, which share its class; others first of equals.

    `itself` are places of the queries in what is searched, to be left out.
    """
    rows = len(queries)
    kept = queries.new_empty(rows, 0, dtype=torch.float64), target.new_empty(rows, 0, dtype=torch.bool)
    reach = torch.full((rows, 1), torch.inf, dtype=torch.float64, device=target.device)
    for start, distances in searched.distances(queries):
        if itself is not None:
            place = searched.place[itself] - start
            here = ((place >= 0) & (place < distances.shape[1])).nonzero()[:, 0]
            distances[here, place[here]] = torch.inf
        row, column = (distances <= reach).nonzero(as_tuple=True)
        found, is_own = distances[row, column], searched.target[start + column] == target[row]
        found[is_own] = found[is_own].nextafter(found.new_tensor(torch.inf))  # others first of equals
        candidates = _padded(row, found, rows, torch.inf), _padded(row, is_own, rows, False)
        kept = torch.cat([kept[0], candidates[0]], 1), torch.cat([kept[1], candidates[1]], 1)
        if kept[0].shape[1] >= SPARE * most:
            kept = _nearest(*kept, most)
            reach = kept[0][:, -1:]
    return _nearest(*kept, most)[1]


def _nearest(distances: Tensor, is_own: Tensor, most: int) -> tuple[Tensor, Tensor]:
    distances, order = distances.sort(1)
    return distances[:, :most].contiguous(), is_own.gather(1, order[:, :most])


def _padded(row: Int[Tensor, " some"], values: Tensor, rows: int, rest: float) -> Tensor:
    """Return a matrix of `rows` rows with the values of each in front, and `rest` after them."""
    counts = torch.bincount(row, minlength=rows)
    found = values.new_full((rows, int(counts.max())), rest)
    found[row, torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]] = values
    return found


def _values(
    is_own: Bool[Tensor, "query nearest"], r: Int[Tensor, " query"], ks: Sequence[int]
) -> Float[Tensor, "query values"]:
    rank = torch.arange(1, is_own.shape[1] + 1, device=r.device)
    hits = (is_own & (rank <= r[:, None])).double()
    recalls = [is_own[:, :k].any(1).double() for k in ks]
    return torch.stack([*recalls, hits.sum(1) / r, (hits * hits.cumsum(1) / rank).sum(1) / r], 1)
