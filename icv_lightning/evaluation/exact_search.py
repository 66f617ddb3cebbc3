"""Which of the nearest embeddings share a class: every distance is computed, in float64, in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from icv_lightning.evaluation.distances import EXACT_DIM

COLUMNS = 2**10  # of the gallery compared at once, whose conversion to float64 then serves 4096 queries
SPARE = 3  # times as many candidates as are needed stand side by side before the farthest are dropped


@dataclass(frozen=True)
class Gallery:
    """Embeddings that are searched, in an order drawn at random, so that any part of it is like the whole.

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
    def of(cls, embeddings: Tensor, target: Tensor) -> "Gallery":
        """Return the gallery of G x N embeddings and their classes."""
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
        """Return how many embeddings each of some classes has."""
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


def own_among_nearest(
    gallery: Gallery,
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
    for start, distances in gallery.distances(queries):
        if itself is not None:
            place = gallery.place[itself] - start
            here = ((place >= 0) & (place < distances.shape[1])).nonzero()[:, 0]
            distances[here, place[here]] = torch.inf
        row, column = (distances <= reach).nonzero(as_tuple=True)
        found, is_own = distances[row, column], gallery.target[start + column] == target[row]
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
