import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from icv_lightning.centroids import OneByOneCentroids
from icv_lightning.centroids.one_by_one import one_by_one, one_by_one_offset

bounded = settings(max_examples=30, deadline=None)


def sample_by_sample(centroids, embeddings, target, alpha):
    """Equation 8 as it is written, in float64."""
    centroids = torch.as_tensor(centroids).double().clone().numpy()
    for z, y in zip(np.asarray(embeddings, dtype=np.float64), target.tolist(), strict=True):
        centroids[y] = (1 - alpha) * centroids[y] + alpha * z
    return torch.from_numpy(centroids)


def test_worked_example():
    rule = OneByOneCentroids(2, 1, alpha=0.5)
    rule.update(torch.tensor([[8.0], [5.0], [2.0]]), torch.tensor([1, 0, 1]))
    assert rule().tolist() == [[2.5], [3.0]]  # 0 → 4 → 3, in batch order: the other way it were 0 → 1 → 4.5


@given(st.integers(0, 10**6), st.lists(st.integers(0, 20), min_size=1, max_size=5), st.floats(0.001, 1.0))
@bounded
def test_is_the_loop_over_samples_in_any_batches(seed, sizes, alpha):
    rng = np.random.default_rng(seed)
    embeddings = torch.from_numpy(rng.normal(size=(sum(sizes), 2)) + 3)
    target = torch.from_numpy(rng.integers(0, 3, sum(sizes)))
    rule = OneByOneCentroids(3, 2, alpha=alpha, init="normal").double()
    expected = sample_by_sample(rule(), embeddings, target, alpha)
    for part, classes in zip(embeddings.split(sizes), target.split(sizes), strict=True):
        rule.update(part, classes)
    torch.testing.assert_close(rule(), expected, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 30), st.floats(0.001, 1.0))
@bounded
def test_is_the_exponentially_weighted_mean_of_the_samples(seed, size, alpha):
    rng = np.random.default_rng(seed)
    embeddings, target = (
        torch.from_numpy(rng.normal(size=(size, 2))),
        torch.from_numpy(rng.integers(0, 3, size)),
    )
    rule = OneByOneCentroids(3, 2, alpha=alpha, init="normal").double()
    start = rule().clone()
    rule.update(embeddings, target)
    for k in range(3):
        own = embeddings[target == k]
        expected = (1 - alpha) ** len(own) * start[k]
        for i, z in enumerate(own, start=1):
            expected = expected + alpha * (1 - alpha) ** (len(own) - i) * z
        torch.testing.assert_close(rule()[k], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alpha", [1e-4, 0.5, 0.999999, 1.0])
def test_long_batches_stay_exact_in_float32(alpha):
    rng = np.random.default_rng(0)
    embeddings = torch.from_numpy(rng.normal(size=(20_000, 2)).astype(np.float32) + 5)
    target = torch.from_numpy(rng.integers(0, 2, 20_000))
    rule = OneByOneCentroids(2, 2, alpha=alpha)
    rule.update(embeddings, target)
    expected = sample_by_sample(np.zeros((2, 2)), embeddings, target, alpha)
    torch.testing.assert_close(rule().double(), expected, rtol=2e-6, atol=0)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 9), min_size=1, max_size=4))
@bounded
def test_parts_of_a_batch_combine_in_order(seed, sizes):
    rng = np.random.default_rng(seed)
    embeddings = torch.from_numpy(rng.normal(size=(sum(sizes), 2)))
    target, start = (
        torch.from_numpy(rng.integers(0, 3, sum(sizes))),
        torch.from_numpy(rng.normal(size=(3, 2))),
    )
    split = zip(embeddings.split(sizes), target.split(sizes), strict=True)
    parts = [one_by_one_offset(part, classes, 3, 0.2) for part, classes in split]
    expected = sample_by_sample(start, embeddings, target, 0.2)
    torch.testing.assert_close(one_by_one(start, parts, 0.2), expected, rtol=1e-9, atol=1e-12)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"alpha must be above 0 and at most 1, got 2\.0"):
        OneByOneCentroids(3, 2, alpha=2.0)
