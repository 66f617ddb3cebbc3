"""What whole losses share: checked factors, cross-entropy in float32, terms that give a gradient alone."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def check_factor(value: float, name: str = "weight (λ)") -> float:
    """Return `value`; raise ValueError where it is negative or not finite."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value


def cross_entropy(logits: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Return the mean cross-entropy of scores, in float32 or wider whatever the autocast."""
    with torch.autocast(logits.device.type, enabled=False):
        return functional.cross_entropy(logits.to(torch.promote_types(logits.dtype, torch.float32)), target)


def gradient_alone(term: Tensor) -> Tensor:
    """Return exactly 0 with the gradient of `term`."""
    return term - term.detach()
