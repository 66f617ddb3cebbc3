"""Centroids that take a small step towards the class means of every batch."""

import torch
from torch import Tensor

from icv_lightning.centroids import CentroidRule


class SlowMeans(CentroidRule):
    """C_k ← C_k + rate · (mean_k − C_k)."""

    def __init__(self, num_classes: int, embedding_dim: int, rate: float) -> None:
        super().__init__(num_classes, embedding_dim, learned=False)
        self.rate = rate

    @torch.no_grad()
    def update(self, embeddings: Tensor, target: Tensor) -> None:
        """Move the centroids of the batch's classes."""
        for k in target.unique():
            mean = embeddings[target == k].mean(0)
            self.weight[k] += self.rate * (mean - self.weight[k])
