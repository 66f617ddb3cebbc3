"""Means of the named terms of a loss over an epoch."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric


class TermMeans(ExactMetric):
    """Mean of each term of a loss over samples: batch means weighted by batch size.

    One vector of sums in float64, so a step costs no transfer from the device. `finite` counts for each term
    the batches until its sum is not finite. States stay in the same memory: a CUDA graph adds to them there.

    Args:
        terms: the names, as the loss gives them.
    """

    full_state_update = False
    is_differentiable = False
    sums: Tensor
    total: Tensor
    finite: Tensor

    def __init__(self, terms: Sequence[str]) -> None:
        super().__init__()
        self.terms = tuple(terms)
        self.add_state("sums", torch.zeros(len(self.terms), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("finite", torch.zeros(len(self.terms), dtype=torch.int64), dist_reduce_fx="min")

    def update(self, values: Mapping[str, Tensor], size: int) -> None:
        """Add the terms of a batch of `size` samples."""
        self.sums.add_(size * torch.stack([values[term] for term in self.terms]).detach().double())
        self.total.add_(size)
        self.finite.add_(self.sums.isfinite())

    def reset(self) -> None:
        """Forget all batches."""
        kept = {key: state for key, state in self.metric_state.items() if isinstance(state, Tensor)}
        super().reset()
        for key, state in kept.items():
            setattr(self, key, state.zero_())

    @property
    def update_called(self) -> bool:
        """True: a replayed graph adds to the sums without a call of `update`."""
        return True

    def compute(self) -> dict[str, Tensor]:
        """Return each term's mean."""
        return dict(zip(self.terms, self.sums / self.total, strict=True))
