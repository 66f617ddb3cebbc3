"""The shapes and types that signatures state, checked against what functions take and give."""

from typing import Any

import pytest
import torch
from beartype import beartype
from jaxtyping import TypeCheckError, jaxtyped

from icv_lightning import losses, metrics, nets
from icv_lightning.centroids import LearnedCentroids
from icv_lightning.data.images import InMemoryImages

BATCH, DIM, CLASSES = 6, 3, 4
Z, C, S = torch.randn(BATCH, DIM), torch.randn(CLASSES, DIM), torch.randn(BATCH, CLASSES)
Y = torch.arange(BATCH) % CLASSES
IMAGES = torch.zeros(BATCH, 1, 8, 8, dtype=torch.uint8)

CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "intra_class_variance": (losses.intra_class_variance, (Z, C, Y)),
    "IntraClassVarianceLoss": (
        losses.IntraClassVarianceLoss.forward, (losses.IntraClassVarianceLoss(), Z, C, Y)
    ),
    "CombinedLoss": (losses.CombinedLoss.forward, (losses.CombinedLoss(0.5), S, Z, C, Y)),
    "DiscriminantLoss": (losses.DiscriminantLoss.forward, (losses.DiscriminantLoss(0.5, DIM), S, Z, C, Y)),
    "discriminant": (losses.discriminant, (Z, C, Z[0], Y)),
    "inter_class_variance": (losses.inter_class_variance, (Z, C, Z[0], Y)),
    "LearnedCentroids": (LearnedCentroids.forward, (LearnedCentroids(CLASSES, DIM),)),
    "LearnedCentroids.update": (LearnedCentroids.update, (LearnedCentroids(CLASSES, DIM), Z, Y)),
    "Embedding": (nets.Embedding.forward, (nets.Embedding(DIM, 2, normalize=True), Z)),
    "LinearScores": (nets.LinearScores.forward, (nets.LinearScores(DIM, CLASSES), Z)),
    "Standardize": (nets.Standardize.forward, (nets.Standardize(1), IMAGES)),
    "Standardize.fit": (nets.Standardize.fit, (nets.Standardize(1), torch.ones(1), torch.ones(1))),
    "nearest_centroid": (metrics.nearest_centroid, (Z, C)),
    "HighestScoreAccuracy": (metrics.HighestScoreAccuracy.update, (metrics.HighestScoreAccuracy(), S, Y)),
    "NearestCentroidAccuracy": (
        metrics.NearestCentroidAccuracy.update, (metrics.NearestCentroidAccuracy(), Z, C, Y)
    ),
    "ClassVariance": (metrics.ClassVariance.update, (metrics.ClassVariance(CLASSES, DIM), Z, Y)),
    "InMemoryImages": (InMemoryImages.__init__, (InMemoryImages.__new__(InMemoryImages), IMAGES, Y)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_signatures_are_true(name):
    function, arguments = CALLS[name]
    jaxtyped(function, typechecker=beartype)(*arguments)


def test_a_signature_that_does_not_fit_would_be_noticed():
    with pytest.raises(TypeCheckError):
        jaxtyped(losses.intra_class_variance, typechecker=beartype)(Z, C[:, :2], Y)
