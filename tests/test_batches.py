"""Every loss, rule and metric of the public API refuses batches whose tensors do not fit each other."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from icv_lightning import centroids, losses, metrics
from icv_lightning.evaluation.retrieval import retrieval

B, N, K = 4, 3, 5
Z, C, S = torch.randn(B, N), torch.randn(K, N), torch.randn(B, K)
Y = torch.arange(B)
CALLS: dict[str, Callable[..., Any]] = {
    "intra_class_variance": lambda z, c, s, y: losses.intra_class_variance(z, c, y),
    "IntraClassVarianceLoss": lambda z, c, s, y: losses.IntraClassVarianceLoss()(z, c, y),
    "CombinedLoss": lambda z, c, s, y: losses.CombinedLoss(0.5)(s, z, c, y),
    "DiscriminantLoss": lambda z, c, s, y: losses.DiscriminantLoss(0.5, N)(s, z, c, y),
    "MetricLearningLoss": lambda z, c, s, y: losses.MetricLearningLoss("supcon", K, N)(s, z, c, y),
    "LearnedCentroids": lambda z, c, s, y: centroids.LearnedCentroids(K, N).update(z, y),
    "BatchMeanCentroids": lambda z, c, s, y: centroids.BatchMeanCentroids(K, N, 0.5).update(z, y),
    "OneByOneCentroids": lambda z, c, s, y: centroids.OneByOneCentroids(K, N, 0.5).update(z, y),
    "prepare": lambda z, c, s, y: centroids.LearnedCentroids(K, N, init="class_means").prepare(z, y),
    "HighestScoreAccuracy": lambda z, c, s, y: metrics.HighestScoreAccuracy().update(s, y),
    "NearestCentroidAccuracy": lambda z, c, s, y: metrics.NearestCentroidAccuracy().update(z, c, y),
    "ClassVariance": lambda z, c, s, y: metrics.ClassVariance(K, N).update(z, y),
    "WithinClassCovariance": lambda z, c, s, y: metrics.WithinClassCovariance(K, N).update(z, y),
}
every_call = pytest.mark.parametrize("name", CALLS)


def call(name: str, z: torch.Tensor = Z, s: torch.Tensor = S, y: torch.Tensor = Y) -> Any:
    if name == "MetricLearningLoss":
        pytest.importorskip("pytorch_metric_learning")
    return CALLS[name](z, C, s, y)


@every_call
def test_what_fits_is_taken(name):
    call(name)


@every_call
@pytest.mark.parametrize("target", [Y[:, None], Y[:1], Y[:3], torch.tensor(1), Y[None]])
def test_labels_of_another_shape_are_refused(name, target):
    with pytest.raises(ValueError, match=r"target must have shape \(4,\), got \("):
        call(name, y=target)


@every_call
@pytest.mark.parametrize("target", [Y + K, Y - 1])
def test_classes_that_there_are_not_are_refused(name, target):
    with pytest.raises(ValueError, match=r"target must hold classes 0 to 4, got -?\d to \d"):
        call(name, y=target)


@every_call
def test_embeddings_of_another_size_are_refused(name):
    if name == "HighestScoreAccuracy":
        with pytest.raises(ValueError, match=r"logits must have shape \(B, K\), got \(4,\)"):
            call(name, s=S[:, 0])
        return
    for embeddings in (Z[:, :2], Z[0], Z[None]):
        with pytest.raises(ValueError, match="must share N"):
            call(name, z=embeddings)


@every_call
def test_an_empty_batch_is_none_of_these(name):
    if name == "MetricLearningLoss":
        return
    call(name, z=Z[:0], s=S[:0], y=Y[:0])


def test_the_others():
    with pytest.raises(ValueError, match="must share N"):
        metrics.nearest_centroid(Z[:, :2], C)
    with pytest.raises(ValueError, match="must share N"):
        metrics.Agreement().update(Z, S, C[:, :2])
    with pytest.raises(ValueError, match=r"target must have shape \(4,\)"):
        metrics.Retrieval().update(Z, Y[:, None])
    with pytest.raises(ValueError, match=r"target must have shape \(4,\)"):
        retrieval(Z, Y[:, None])
