"""Centroids as an ordinary parameter of the model (the paper's Hadamard layer H(1, C) = C, equation 5)."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class LearnedCentroids(nn.Module):
    """Class centroids C (K x N) that the model's own optimizer learns (Hadamard layer, equation 5).

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.
        init: "zeros", or "normal" for independent normal coordinates.
        std: standard deviation of "normal", positive.

    Raises:
        ValueError: a size below 1, an unknown `init`, or `std` not positive and finite.
    """

    def __init__(self, num_classes: int, embedding_dim: int, init: str = "zeros", std: float = 1.0) -> None:
        super().__init__()
        for name, value in {"num_classes": num_classes, "embedding_dim": embedding_dim}.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if init not in ("zeros", "normal"):
            raise ValueError(f"init must be 'zeros' or 'normal', got {init!r}")
        if not 0 < std < math.inf:
            raise ValueError(f"std must be positive and finite, got {std}")
        shape = (num_classes, embedding_dim)
        self.weight = nn.Parameter(torch.zeros(shape) if init == "zeros" else std * torch.randn(shape))

    def forward(self) -> Float[Tensor, "classes dim"]:
        """Return C."""
        return self.weight

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Do nothing: the optimizer moves these centroids (other rules move theirs here)."""
