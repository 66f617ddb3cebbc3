"""Counts of true and predicted classes, without a look at their values."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.metrics.exact import ExactMetric


class ConfusionMatrix(ExactMetric):
    """K x K counts, true classes in rows, of predictions by the highest score.

    Unlike torchmetrics' own, which checks targets and counts by `bincount`, an update never waits for a GPU.

    Args:
        num_classes: K, at least 1.
    """

    full_state_update = False
    is_differentiable = False
    counts: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        zeros = torch.zeros(num_classes, num_classes, dtype=torch.int64)
        self.add_state("counts", zeros, dist_reduce_fx="sum")

    def update(self, logits: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"]) -> None:
        """Count a batch."""
        place = target * self.counts.shape[1] + logits.argmax(1)
        self.counts.view(-1).index_add_(0, place, torch.ones_like(place))

    def compute(self) -> Int[Tensor, "classes classes"]:
        """Return the counts, int64."""
        return self.counts
