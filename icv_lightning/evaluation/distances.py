"""Distances of embeddings to centroids: Euclid, cosine, Mahalanobis of a covariance that classes share."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from icv_lightning.errors import check_choice

DISTANCES = ("euclidean", "cosine", "mahalanobis")
SHRINKAGE = 0.01
EXACT_DIM = 16  # up to this N differences are squared; beyond it expanded products are several times faster


def centroid_distances(
    embeddings: Float[Tensor, "sample dim"],
    centroids: Float[Tensor, "classes dim"],
    distance: str = "euclidean",
    covariance: Float[Tensor, "dim dim"] | None = None,
    shrinkage: float = SHRINKAGE,
) -> Float[Tensor, "sample classes"]:
    """Return M x K distances, float64.

    - "euclidean": ‖z − c‖;
    - "cosine": 1 − cos(z, c), 1 for a zero vector;
    - "mahalanobis": √((z − c)ᵀ R⁻¹ (z − c)), R = (1 − s)·R_w + s·(tr R_w / N)·I.

    Args:
        embeddings: M x N.
        centroids: K x N.
        distance: one of the three.
        covariance: R_w, N x N, for "mahalanobis".
        shrinkage: s in [0, 1].

    Raises:
        ValueError: another distance, or a covariance that is absent or singular.
    """
    check_choice("distance", distance, DISTANCES)
    points, centres = embeddings.double(), centroids.double()
    if distance == "cosine":
        return 1 - normalize(points) @ normalize(centres).T
    if distance == "mahalanobis":
        factor = _factor(covariance, shrinkage)
        points, centres = (
            torch.linalg.solve_triangular(factor, x.T, upper=False).T for x in (points, centres)
        )
    if points.shape[1] <= EXACT_DIM:
        return torch.cdist(points, centres, compute_mode="donot_use_mm_for_euclid_dist")
    middle = centres.nanmean(0)  # expanded products lose digits far from the origin
    return torch.cdist(points - middle, centres - middle, compute_mode="use_mm_for_euclid_dist")


def _factor(covariance: Tensor | None, shrinkage: float) -> Float[Tensor, "dim dim"]:
    if covariance is None:
        raise ValueError("mahalanobis needs covariance=, or fit_covariance first")
    mean_variance = covariance.trace() / len(covariance)
    ridge = shrinkage * mean_variance * torch.eye(len(covariance), dtype=torch.float64)
    factor, failed = torch.linalg.cholesky_ex((1 - shrinkage) * covariance.double() + ridge)
    if failed or not factor.isfinite().all():
        raise ValueError(f"covariance is singular with shrinkage={shrinkage}; raise shrinkage")
    return factor
