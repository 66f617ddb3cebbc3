"""Highest score and nearest centroid, against scikit-learn and brute force."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score
from sklearn.neighbors import NearestCentroid

from icv_lightning.metrics import HighestScoreAccuracy, NearestCentroidAccuracy, nearest_centroid

CENTROIDS = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, size: int = 40, dim: int = 3, classes: int = 5) -> tuple[torch.Tensor, ...]:
    """Embeddings, centroids, target."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(classes, (size,), generator=generator)
    centroids = torch.randn(classes, dim, generator=generator)
    return centroids[target] + torch.randn(size, dim, generator=generator), centroids, target


def brute_force(embeddings, centroids) -> list[int]:
    wide = centroids.double().numpy()
    return [int(np.argmin([((z - c) ** 2).sum() for c in wide])) for z in embeddings.double().numpy()]


def test_nearest_by_hand():
    embeddings = torch.tensor([[1.0, 1.0], [3.0, 0.5], [-1.0, 3.0]])
    assert nearest_centroid(embeddings, CENTROIDS).tolist() == [0, 1, 2]


@given(seeds, st.integers(1, 6), st.integers(1, 7))
def test_nearest_equals_brute_force(seed, dim, classes):
    embeddings, centroids, _ = sample(seed, dim=dim, classes=classes)
    assert nearest_centroid(embeddings, centroids).tolist() == brute_force(embeddings, centroids)


@given(seeds)
def test_nearest_class_mean_equals_scikit_learn(seed):
    embeddings, _, _ = sample(seed)
    target = torch.arange(40) % 5
    means = torch.stack([embeddings[target == k].mean(0) for k in range(5)])
    expected = NearestCentroid().fit(embeddings.numpy(), target.numpy()).predict(embeddings.numpy())
    assert nearest_centroid(embeddings, means).tolist() == expected.tolist()


def test_the_first_of_equally_near():
    embeddings = torch.tensor([[2.0, 2.0], [2.0, 0.0], [0.0, 2.0]])
    assert nearest_centroid(embeddings, CENTROIDS).tolist() == [0, 0, 0]
    assert nearest_centroid(embeddings, CENTROIDS.flip(0)).tolist() == [0, 1, 0]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_a_centroid_that_is_not_finite_is_never_nearest(bad):
    centroids = CENTROIDS.clone()
    centroids[0] = bad
    assert nearest_centroid(torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 0.1]]), centroids).tolist() == [
        1,
        1,
        2,
    ]


def test_far_from_the_origin_nothing_is_lost():
    centroids = torch.tensor([[8192.0, 8192.0], [8192.0, 8192.0625]])
    assert nearest_centroid(centroids.flip(0), centroids).tolist() == [1, 0]


@pytest.mark.parametrize("distances", [1, 100, 1000, 2**22])
def test_blocks_of_classes_change_nothing(distances, monkeypatch):
    monkeypatch.setattr("icv_lightning.metrics.accuracy.BLOCK", distances)
    embeddings, centroids, _ = sample(0, classes=30)
    centroids[7], centroids[20] = torch.nan, centroids[3]  # the first of equals, in another block
    assert nearest_centroid(embeddings, centroids).tolist() == brute_force(
        embeddings, centroids.nan_to_num(1e9)
    )


def test_100_000_classes_in_bounded_memory(largest_tensor):
    embeddings, centroids = torch.rand(300, 2), torch.rand(100_000, 2)
    with largest_tensor as largest:
        nearest_centroid(embeddings, centroids)
    assert largest.numbers <= 2**22 < 300 * 100_000


def test_without_any_finite_centroid_it_is_the_first():
    assert nearest_centroid(torch.zeros(2, 2), torch.full((3, 2), torch.nan)).tolist() == [0, 0]


def test_float64_is_compared_in_float64():
    embeddings, centroids = (
        torch.zeros(1, 1).double(),
        torch.tensor([[1.0 + 1e-12], [1.0]], dtype=torch.float64),
    )
    for enabled in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            assert nearest_centroid(embeddings, centroids).tolist() == [1]
            assert nearest_centroid(embeddings + 1e-12, centroids.float()).tolist() == [0]


def test_bfloat16_is_compared_in_float32():
    embeddings = torch.tensor([[1.0, 0.0]], dtype=torch.bfloat16)
    centroids = torch.tensor([[1.002, 0.0], [1.001, 0.0]])  # one number in bfloat16
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert nearest_centroid(embeddings, centroids).tolist() == [1]


@given(seeds, st.lists(st.integers(0, 40), max_size=4))
def test_exact_under_any_batching(seed, cuts):
    embeddings, centroids, target = sample(seed)
    logits = -torch.cdist(embeddings, centroids) + torch.arange(5) / 4
    nearest, highest = NearestCentroidAccuracy(), HighestScoreAccuracy()
    edges = [0, *sorted(cuts), 40]
    for start, stop in pairwise(edges):  # some of these batches are empty
        nearest.update(embeddings[start:stop], centroids, target[start:stop])
        highest.update(logits[start:stop], target[start:stop])
    truth = target.numpy()
    assert nearest.compute().item() == accuracy_score(truth, brute_force(embeddings, centroids))
    assert highest.compute().item() == accuracy_score(truth, logits.numpy().argmax(1))


def test_centroids_may_move_between_batches():
    metric = NearestCentroidAccuracy()
    embeddings, target = torch.zeros(1, 2), torch.tensor([0])
    metric.update(embeddings, CENTROIDS, target)
    metric.update(embeddings, CENTROIDS.flip(0), target)
    assert metric.compute().item() == 0.5


def test_accuracy_is_a_float64_quotient_of_counts():
    metric = HighestScoreAccuracy()
    metric.update(torch.eye(3), torch.tensor([0, 1, 0]))
    assert metric.compute().dtype == torch.float64
    assert metric.compute().item() == 2 / 3


def test_nan_without_samples_and_again_after_a_reset():
    metric = HighestScoreAccuracy()
    with pytest.warns(UserWarning, match="before the ``update``"):
        assert metric.compute().isnan()
    metric.update(torch.eye(3), torch.arange(3))
    metric.reset()
    assert metric.total.item() == metric.correct.item() == 0


def test_three_processes_equal_one(computed_together):
    embeddings, centroids, target = sample(0)
    metrics = [NearestCentroidAccuracy() for _ in range(3)]
    for metric, start, stop in zip(metrics, (0, 3, 20), (3, 20, 40), strict=True):
        metric.update(embeddings[start:stop], centroids, target[start:stop])
    expected = accuracy_score(target.numpy(), brute_force(embeddings, centroids))
    assert computed_together(metrics).item() == expected


@pytest.mark.parametrize(("embeddings", "centroids"), [((3, 2), (4, 3)), ((2,), (4, 2)), ((3, 2), (2,))])
def test_shapes_that_do_not_fit_are_refused_by_the_function_itself(embeddings, centroids):
    with pytest.raises(ValueError, match="must share N"):
        nearest_centroid(torch.zeros(embeddings), torch.zeros(centroids))
