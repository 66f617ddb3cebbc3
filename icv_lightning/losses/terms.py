"""What whole losses share: checked factors, cross-entropy in float32, terms that give a gradient alone."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional


def check_factor(value: float, name: str = "weight (λ)") -> float:
    """Return `value`; raise ValueError where it is negative or not finite."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value


def cross_entropy(logits: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Return the mean cross-entropy of scores, in float32 or wider whatever the autocast."""
    with torch.autocast(logits.device.type, enabled=False):
        return functional.cross_entropy(_wide(logits), target)


class CrossEntropy(nn.Module):
    """Cross-entropy with label smoothing and class weights; without either it is `cross_entropy`.

    With weights w it is mean_j w[y_j]·CE_j: the sum is divided by the number of samples and not by the sum of
    their weights, so that it does not depend on how samples are put into batches or shared among processes.

    Args:
        label_smoothing: share of each target that is spread evenly over all classes, in [0, 1).
        class_weights: a positive weight for each class; None for equal ones.

    Raises:
        ValueError: an argument that is not as said.
    """

    class_weights: Tensor | None

    def __init__(self, label_smoothing: float = 0.0, class_weights: Sequence[float] | None = None) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing must be at least 0 and below 1, got {label_smoothing}")
        if isinstance(class_weights, str):
            raise ValueError(f"class_weights must be a number for each class here, got {class_weights!r}")
        if class_weights is not None and not all(0 < w < math.inf for w in class_weights):
            raise ValueError(f"class_weights must be positive and finite, got {list(class_weights)}")
        self.label_smoothing = label_smoothing
        weights = None if class_weights is None else torch.tensor(list(class_weights), dtype=torch.float32)
        self.register_buffer("class_weights", weights, persistent=False)  # they stand in the configuration

    def forward(
        self, logits: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"]
    ) -> Float[Tensor, ""]:
        """Return the mean over a batch."""
        if self.class_weights is None and not self.label_smoothing:
            return cross_entropy(logits, target)
        with torch.autocast(logits.device.type, enabled=False):
            wide = _wide(logits)
            weights = None if self.class_weights is None else self.class_weights.to(wide.dtype)
            total = functional.cross_entropy(
                wide, target, weights, reduction="sum", label_smoothing=self.label_smoothing
            )
        return total / max(len(target), 1)


def _wide(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def gradient_alone(term: Tensor) -> Tensor:
    """Return exactly 0 with the gradient of `term`."""
    return term - term.detach()
