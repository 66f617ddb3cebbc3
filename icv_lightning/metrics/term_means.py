"""Means of the named terms of a loss over an epoch."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric


class TermMeans(ExactMetric):
    """Mean of each term of a loss over samples: batch means weighted by batch size.

    One vector of sums in float64, so a step costs no transfer from the device.

    Args:
        terms: the names, as the loss gives them.
    """

    full_state_update = False
    is_differentiable = False
    sums: Tensor
    total: Tensor

    def __init__(self, terms: Sequence[str]) -> None:
        super().__init__()
        self.terms = tuple(terms)
        self.add_state("sums", torch.zeros(len(self.terms), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, values: Mapping[str, Tensor], size: int) -> None:
        """Add the terms of a batch of `size` samples."""
        self.sums += size * torch.stack([values[term].detach() for term in self.terms]).double()
        self.total += size

    def compute(self) -> dict[str, Tensor]:
        """Return each term's mean."""
        return dict(zip(self.terms, self.sums / self.total, strict=True))
