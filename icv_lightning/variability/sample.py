"""Variance and scatter of a weighted sample, and its grand mean (section 2.2)."""

import torch
from jaxtyping import Float, Real
from torch import Tensor


def probabilities(
    embeddings: Float[Tensor, "sample dim"], weights: Real[Tensor, " sample"] | None = None
) -> Float[Tensor, " sample"]:
    """Return p(x), float64: `weights` over their sum, or 1/M each.

    Raises:
        ValueError: embeddings that are not M x N, or weights that are not M numbers, finite, none
            negative, not all 0.
    """
    if embeddings.ndim != 2:
        raise ValueError(f"embeddings must have shape (M, N), got {tuple(embeddings.shape)}")
    if weights is None:
        weights = torch.ones(len(embeddings), device=embeddings.device)
    elif weights.shape != embeddings.shape[:1]:
        raise ValueError(f"weights must have shape ({len(embeddings)},), got {tuple(weights.shape)}")
    elif not bool((weights >= 0).all() & weights.isfinite().all() & (weights.sum() > 0)):
        raise ValueError("weights must be finite, not negative and not all 0")
    return weights.double() / weights.double().sum()


def grand_mean(
    embeddings: Float[Tensor, "sample dim"], weights: Real[Tensor, " sample"] | None = None
) -> Float[Tensor, " dim"]:
    """Return the mean Σ p(x)·x of the whole sample, float64; NaN for an empty one.

    Args:
        embeddings: M x N.
        weights: M, not negative; None for equal ones.

    Raises:
        ValueError: shapes or weights that are not as said.
    """
    weight = probabilities(embeddings, weights)
    mean = weight @ embeddings.double()
    return mean if len(embeddings) else torch.full_like(mean, torch.nan)


def variance(
    embeddings: Float[Tensor, "sample dim"], weights: Real[Tensor, " sample"] | None = None
) -> Float[Tensor, ""]:
    """Return var(X) = Σ p(x)·‖x − mean‖², summed over the N coordinates, float64; NaN for an empty sample.

    Args:
        embeddings: M x N.
        weights: M, not negative; None for equal ones.

    Raises:
        ValueError: shapes or weights that are not as said.
    """
    deviations = embeddings - grand_mean(embeddings, weights)
    squares = probabilities(embeddings, weights) @ deviations.square().sum(1)
    return squares if len(embeddings) else torch.full_like(squares, torch.nan)


def scatter(
    embeddings: Float[Tensor, "sample dim"], weights: Real[Tensor, " sample"] | None = None
) -> Float[Tensor, ""]:
    """Return ½·ΣΣ p(x)·p(y)·‖x − y‖², half the mean squared distance of all pairs, float64.

    Takes linear time: scatter equals variance (section 2.2).

    Args:
        embeddings: M x N.
        weights: M, not negative; None for equal ones.

    Raises:
        ValueError: shapes or weights that are not as said.
    """
    return variance(embeddings, weights)
