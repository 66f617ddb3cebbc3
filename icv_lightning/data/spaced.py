"""Evenly spaced positions: the part of a sample that is looked at where the whole is too much."""

import torch
from torch import Tensor


def spaced(size: int, most: int) -> Tensor:
    """Return at most `most` evenly spaced positions of `size`, int64, the first and the last among them."""
    return torch.linspace(0, size - 1, min(size, most), dtype=torch.float64).round().long()
