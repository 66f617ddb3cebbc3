import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from icv_lightning.centroids import BatchMeanCentroids

bounded = settings(max_examples=30, deadline=None)


def batches(seed, steps, dim=2, classes=4):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        size = int(rng.integers(1, 9))
        embeddings = torch.from_numpy(rng.normal(size=(size, dim)) + 3)
        yield embeddings, torch.from_numpy(rng.integers(0, classes, size))


def test_worked_example_of_equation_7():
    rule = BatchMeanCentroids(3, 2, alpha=0.25)
    rule.update(torch.tensor([[4.0, 0.0], [8.0, 4.0], [0.0, -4.0]]), torch.tensor([0, 0, 2]))
    assert rule().tolist() == [[1.5, 0.5], [0.0, 0.0], [0.0, -1.0]]
    rule.update(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
    assert rule().tolist() == [[1.125, 0.375], [0.0, 0.0], [0.0, -1.0]]


def test_worked_example_of_the_step_with_one_plus():
    rule = BatchMeanCentroids(2, 1, alpha=0.5, step="wen")
    rule.update(torch.tensor([[6.0], [3.0]]), torch.tensor([1, 1]))
    assert rule().tolist() == [[0.0], [1.5]]  # 0.5 · 9 / 3


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.01, 1.0))
@bounded
def test_is_the_exponentially_weighted_mean_of_the_batch_means(seed, steps, alpha):
    rule = BatchMeanCentroids(4, 2, alpha=alpha, init="normal").double()
    start = rule().clone()
    seen = {k: [] for k in range(4)}
    for embeddings, target in batches(seed, steps):
        rule.update(embeddings, target)
        for k in set(target.tolist()):
            seen[k].append(embeddings[target == k].mean(0))
    for k, means in seen.items():
        t = len(means)
        expected = (1 - alpha) ** t * start[k]
        for i, mean in enumerate(means, start=1):
            expected = expected + alpha * (1 - alpha) ** (t - i) * mean
        torch.testing.assert_close(rule()[k], expected, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.01, 1.0))
@bounded
def test_step_of_wen_et_al(seed, steps, alpha):
    rule = BatchMeanCentroids(4, 2, alpha=alpha, init="normal", step="wen").double()
    expected = rule().clone()
    for embeddings, target in batches(seed, steps):
        rule.update(embeddings, target)
        for k in range(4):
            own = embeddings[target == k]
            expected[k] -= alpha * (expected[k] - own).sum(0) / (1 + len(own))
    torch.testing.assert_close(rule(), expected, rtol=1e-9, atol=1e-12)


def test_alpha_1_is_the_batch_mean_and_absent_classes_stay():
    rule = BatchMeanCentroids(2, 1, alpha=1.0, init="normal")
    before = rule()[1].clone()
    rule.update(torch.tensor([[0.1], [0.3]]), torch.tensor([0, 0]))
    assert torch.equal(rule()[0], torch.tensor([0.1, 0.3]).mean(0, keepdim=True))
    assert torch.equal(rule()[1], before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.0}, "alpha must be above 0 and at most 1, got 0.0"),
        ({"alpha": 1.5}, "alpha must be above 0 and at most 1, got 1.5"),
        ({"alpha": float("nan")}, "alpha must be above 0 and at most 1, got nan"),
        ({"step": "median"}, "step must be 'mean' or 'wen', got 'median'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        BatchMeanCentroids(3, 2, **arguments)
