"""Labels that are likely wrong: the neighbours and the nearest class mean agree on another class.

Both leave the embedding itself out. A nearest-neighbour filter (Wilson 1972), asked twice.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.evaluation.decision_rules import neighbours, vote
from icv_lightning.evaluation.leave_one_out import left_out_distances


class Suspects(NamedTuple):
    """Embeddings whose label is likely wrong, the likeliest first.

    Attributes:
        position: position in the sample.
        suggested: the class on which neighbours and nearest class mean agree.
        agreement: share of the 10 neighbours of that class less the share of the label's.
        ratio: distance to the label's mean over that to the suggested one's.
    """

    position: Int[Tensor, " suspect"]
    suggested: Int[Tensor, " suspect"]
    agreement: Float[Tensor, " suspect"]
    ratio: Float[Tensor, " suspect"]


def suspects(embeddings: Float[Tensor, "sample dim"], target: Int[Tensor, " sample"]) -> Suspects:
    """Return all embeddings whose neighbours' vote and nearest class mean agree on a class not their label.

    Sorted by `agreement`, then by `ratio`, largest first.

    Args:
        embeddings: M x N.
        target: M classes from 0, some of them wrong.
    """
    near = target[neighbours(embeddings)]
    voted = vote(near)
    nearest, ratios = torch.empty_like(target), torch.empty(len(target), dtype=torch.float64)
    for rows, distances in left_out_distances(embeddings, target):
        least = distances.min(1)
        nearest[rows] = least.indices
        ratios[rows] = distances.gather(1, target[rows, None])[:, 0] / least.values
    index = ((voted != target) & (voted == nearest)).nonzero()[:, 0]
    own, suggested = target[index], voted[index]
    shares = [(near[index] == k[:, None]).double().mean(1) for k in (suggested, own)]
    agreement = shares[0] - shares[1]
    ratio = ratios[index]
    order = torch.argsort(ratio, descending=True, stable=True)
    order = order[torch.argsort(agreement[order], descending=True, stable=True)]
    return Suspects(index[order], suggested[order], agreement[order], ratio[order])
