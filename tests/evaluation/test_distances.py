"""Distances to centroids against NumPy and SciPy, near the origin and far from it."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from icv_lightning.evaluation.distances import SHRINKAGE, centroid_distances


def sample(dim, offset=0.0):
    rng = np.random.default_rng(0)
    return rng.normal(size=(9, dim)) + offset, rng.normal(size=(4, dim)) + offset


@pytest.mark.parametrize("dim", [2, 16, 17, 40])  # expanded products beyond 16
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_euclid(dim, offset):
    points, centres = sample(dim, offset)
    found = centroid_distances(torch.from_numpy(points), torch.from_numpy(centres))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found, cdist(points, centres), rtol=1e-6)


def test_cosine_and_the_zero_vector():
    points, centres = sample(3)
    points[0] = 0
    found = centroid_distances(torch.from_numpy(points), torch.from_numpy(centres), "cosine")
    np.testing.assert_allclose(found[1:], cdist(points[1:], centres, "cosine"), atol=1e-12)
    assert found[0].tolist() == [1.0] * 4


@pytest.mark.parametrize("shrinkage", [0.0, SHRINKAGE, 1.0])
def test_mahalanobis_with_a_shrunk_covariance(shrinkage):
    points, centres = sample(3)
    covariance = np.cov(points.T)
    shrunk = (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / 3 * np.eye(3)
    found = centroid_distances(
        torch.from_numpy(points), torch.from_numpy(centres), "mahalanobis", torch.from_numpy(covariance),
        shrinkage,
    )  # fmt: skip
    np.testing.assert_allclose(found, cdist(points, centres, "mahalanobis", VI=np.linalg.inv(shrunk)))


def test_what_is_refused():
    points, centres = map(torch.from_numpy, sample(2))
    with pytest.raises(ValueError, match="distance must be one of euclidean, cosine, mahalanobis, got 'l1'"):
        centroid_distances(points, centres, "l1")
    with pytest.raises(ValueError, match="mahalanobis needs covariance="):
        centroid_distances(points, centres, "mahalanobis")
    with pytest.raises(ValueError, match="covariance is singular with shrinkage=0; raise shrinkage"):
        centroid_distances(points, centres, "mahalanobis", torch.zeros(2, 2), 0)
