import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from icv_lightning.metrics import ClassVariance, WithinClassCovariance
from icv_lightning.variability import between_class_covariance, class_means, within_class_covariance


def sample(seed, size, offset, dim=3, classes=5):
    """Values that are exact at the offset in float64, so that the two-pass oracle is exact too."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, classes, size)
    points = np.round(rng.normal(size=(size, dim)) * 2**12) / 2**12 + target[:, None] * 3.0 + offset
    return torch.from_numpy(points), torch.from_numpy(target)


def check(found, embeddings, target, rtol=1e-9):
    torch.testing.assert_close(
        found["within"], within_class_covariance(embeddings, target), rtol=rtol, atol=rtol
    )
    torch.testing.assert_close(
        found["between"], between_class_covariance(embeddings, target), rtol=rtol, atol=rtol
    )
    torch.testing.assert_close(
        found["class_means"], class_means(embeddings, target, num_classes=5), rtol=1e-12, atol=0,
        equal_nan=True,
    )  # fmt: skip


@given(
    st.integers(0, 10**6), st.lists(st.integers(0, 30), min_size=1, max_size=6), st.sampled_from([0.0, 1e6])
)
@settings(max_examples=40, deadline=None)
def test_one_pass_is_two_passes_under_any_batching(seed, sizes, offset):
    embeddings, target = sample(seed, sum(sizes) + 1, offset)
    metric, cheap = WithinClassCovariance(5, 3), ClassVariance(5, 3)
    for part, classes in zip(embeddings.split([1, *sizes]), target.split([1, *sizes]), strict=True):
        metric.update(part, classes)
        cheap.update(part, classes)
    check(metric.compute(), embeddings, target, rtol=1e-8 if offset else 1e-10)
    torch.testing.assert_close(
        metric.compute()["within"].trace(), cheap.compute()["var_within"], rtol=1e-8, atol=1e-9
    )


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_processes_merge(offset):
    embeddings, target = sample(7, 90, offset)
    target[target > 2], target[89] = 0, 3  # class 3 once, in the last process; class 4 never
    ranks = [WithinClassCovariance(5, 3) for _ in range(3)]
    for rank, part, classes in zip(ranks, embeddings.split(30), target.split(30), strict=True):
        for half in (slice(0, 11), slice(11, 30)):
            rank.update(part[half], classes[half])
    gathered = WithinClassCovariance(5, 3)
    gathered.update(embeddings[:1], target[:1])
    # As torchmetrics leaves states after a gather: stacked.
    for state in ("count", "mean", "spread"):
        setattr(gathered, state, torch.stack([getattr(rank, state) for rank in ranks]))
    check(gathered.compute(), embeddings, target, rtol=1e-8)


def test_worked_example():
    metric = WithinClassCovariance(2, 2)
    metric.update(torch.tensor([[0.0, 0.0], [4.0, 4.0]]), torch.tensor([0, 1]))
    metric.update(torch.tensor([[2.0, 2.0], [4.0, 8.0]]), torch.tensor([0, 1]))
    found = metric.compute()
    assert found["within"].tolist() == [[0.5, 0.5], [0.5, 2.5]]
    assert found["between"].tolist() == [[2.25, 3.75], [3.75, 6.25]]


def test_covariances_are_symmetric_to_the_last_bit():
    embeddings, target = torch.randn(90, 3, dtype=torch.float64) / 3, torch.arange(90) % 4
    metric = WithinClassCovariance(4, 3)
    for part, classes in zip(embeddings.split(7), target.split(7), strict=True):
        metric.update(part, classes)
    within = metric.compute()["within"]
    assert torch.equal(within, within.T)


def test_one_class_of_one_dimension():
    metric = WithinClassCovariance(1, 1)
    metric.update(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))
    assert metric.compute()["within"].item() == 1


def test_bad_arguments():
    with pytest.raises(ValueError, match="num_classes must be at least 1, got 0"):
        WithinClassCovariance(0, 2)
