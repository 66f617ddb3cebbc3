"""Covariance matrices of the classes of a weighted sample, within and between them (section 2.2)."""

import torch
from jaxtyping import Float, Int, Real
from torch import Tensor

from icv_lightning.variability.classes import between, class_centred, class_priors
from icv_lightning.variability.sample import probabilities


def class_covariance(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
    num_classes: int | None = None,
) -> Float[Tensor, "classes dim dim"]:
    """Return R(X_k) = Σ p_{X_k}(x)·(x − mean_k)(x − mean_k)ᵀ of each class, K x N x N, float64.

    NaN for a class without weight. Arguments and errors are those of `class_priors`.
    """
    prior = class_priors(embeddings, target, weights, num_classes)
    order = target.argsort()
    sizes = torch.bincount(target, minlength=len(prior)).tolist()
    centred = torch.split(class_centred(embeddings, target, weights)[order], sizes)
    weight = torch.split(probabilities(embeddings, weights)[order], sizes)
    sums = torch.stack([(p[:, None] * x).T @ x for p, x in zip(weight, centred, strict=True)])
    has_weight = prior[:, None, None] > 0
    return torch.where(has_weight, sums / torch.where(has_weight, prior[:, None, None], 1.0), torch.nan)


def within_class_covariance(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
) -> Float[Tensor, "dim dim"]:
    """Return R_w = Σ P_k·R(X_k), the covariance of the class-centred sample, N x N, float64.

    Its trace is `within_class_variance`. Arguments and errors are those of `class_priors`.
    """
    centred = class_centred(embeddings, target, weights)
    return (probabilities(embeddings, weights)[:, None] * centred).T @ centred


def between_class_covariance(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    weights: Real[Tensor, " sample"] | None = None,
) -> Float[Tensor, "dim dim"]:
    """Return Σ P_k·(mean_k − grand mean)(mean_k − grand mean)ᵀ, N x N, float64.

    Its trace is `between_class_variance`. Arguments and errors are those of `class_priors`.
    """
    prior, offsets = between(embeddings, target, weights)
    return (prior[:, None] * offsets).T @ offsets


def explained(covariance: Float[Tensor, "dim dim"], components: int) -> Float[Tensor, " components"]:
    """Return the shares of the trace that the first principal components explain, largest first.

    NaN where the trace is 0 or not finite.
    """
    if not covariance.isfinite().all():
        return torch.full_like(covariance[0, :components], torch.nan)
    variances = torch.linalg.eigvalsh(covariance).flip(0).clamp(min=0)
    return (variances / variances.sum())[:components]
