"""Priors, means and variances of the classes of a weighted sample (section 2.2).

A class without weight has prior 0 and a mean of NaN, and takes no part in anything else.
"""

import torch
from jaxtyping import Float, Int, Real
from torch import Tensor

from icv_lightning.variability.sample import grand_mean, probabilities


def class_priors(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
    num_classes: int | None = None,
) -> Float[Tensor, " classes"]:
    """Return P_k = Σ_{x in X_k} p(x) of each class, float64.

    Args:
        embeddings: M x N.
        target: M classes from 0.
        weights: M, not negative; None for equal ones.
        num_classes: K; None for the highest class + 1.

    Raises:
        ValueError: shapes, classes or weights that are not as said.
    """
    weight = probabilities(embeddings, weights)
    if target.shape != embeddings.shape[:1]:
        raise ValueError(f"target must have shape ({len(embeddings)},), got {tuple(target.shape)}")
    low, high = (int(target.min()), int(target.max())) if len(target) else (0, -1)
    num_classes = high + 1 if num_classes is None else num_classes
    if low < 0 or high >= num_classes:
        raise ValueError(f"target must hold classes 0 to {num_classes - 1}, got {low} to {high}")
    return weight.new_zeros(num_classes).index_add(0, target, weight)


def class_means(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
    num_classes: int | None = None,
) -> Float[Tensor, "classes dim"]:
    """Return the mean of each class, K x N, float64, NaN for a class without weight.

    Arguments and errors are those of `class_priors`.
    """
    prior = class_priors(embeddings, target, weights, num_classes)
    weighted = probabilities(embeddings, weights)[:, None] * embeddings
    sums = weighted.new_zeros(len(prior), embeddings.shape[1]).index_add(0, target, weighted)
    has_weight = prior[:, None] > 0
    return torch.where(has_weight, sums / torch.where(has_weight, prior[:, None], 1.0), torch.nan)


def class_centred(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
) -> Float[Tensor, "sample dim"]:
    """Return x − mean of its class for each x, float64, 0 in a class without weight.

    Arguments and errors are those of `class_priors`.
    """
    prior = class_priors(embeddings, target, weights)
    deviations = embeddings - class_means(embeddings, target, weights)[target]
    return torch.where(prior[target, None] > 0, deviations, 0.0)


def within_class_variance(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
) -> Float[Tensor, ""]:
    """Return var_w = Σ P_k·var(X_k), the variance of the class-centred sample, float64.

    Arguments and errors are those of `class_priors`.
    """
    centred = class_centred(embeddings, target, weights)
    return probabilities(embeddings, weights) @ centred.square().sum(1)


def between_class_variance(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
) -> Float[Tensor, ""]:
    """Return Σ P_k·‖mean_k − grand mean‖², float64; with var_w it adds up to the variance of the sample.

    Arguments and errors are those of `class_priors`.
    """
    prior, offsets = between(embeddings, target, weights)
    return prior @ offsets.square().sum(1)


def between(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
) -> tuple[Float[Tensor, " present"], Float[Tensor, "present dim"]]:
    """Return P_k and mean_k − grand mean of the classes with weight, float64.

    Arguments and errors are those of `class_priors`.
    """
    prior = class_priors(embeddings, target, weights)
    offsets = class_means(embeddings, target, weights) - grand_mean(embeddings, weights)
    return prior[prior > 0], offsets[prior > 0]
