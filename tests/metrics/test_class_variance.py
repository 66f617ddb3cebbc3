"""Class means and variances of a stream, against two passes in NumPy."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.metrics import ClassVariance

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, size: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings of 3 coordinates around different places, and target; class 3 of 5 is absent."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.tensor([0, 1, 2, 4])[torch.randint(4, (size,), generator=generator)]
    return torch.randn(size, 3, generator=generator) + 2 * target[:, None], target


def two_passes(embeddings, target) -> tuple[np.ndarray, float, float]:
    x, y = embeddings.double().numpy(), target.numpy()
    means, within, between = np.full((5, x.shape[1]), np.nan), 0.0, 0.0
    for k in np.unique(y):
        means[k] = x[y == k].mean(axis=0)
        within += (y == k).mean() * x[y == k].var(axis=0).sum()
        between += (y == k).mean() * ((means[k] - x.mean(axis=0)) ** 2).sum()
    return means, within, between


def check(measured, embeddings, target, rtol: float = 1e-9) -> None:
    means, within, between = two_passes(embeddings, target)
    np.testing.assert_allclose(measured["class_means"], means, rtol=rtol)
    own = [
        embeddings[target == k].double().numpy().var(axis=0).sum() for k in range(5) if (target == k).any()
    ]
    per_class = measured["var_per_class"]
    np.testing.assert_allclose(per_class[~per_class.isnan()], own, rtol=rtol, atol=1e-12)
    assert per_class.isnan().tolist() == np.isnan(means[:, 0]).tolist()
    np.testing.assert_allclose(measured["var_within"], within, rtol=rtol)
    np.testing.assert_allclose(measured["var_between"], between, rtol=rtol)


def measured(embeddings, target):
    metric = ClassVariance(5, 3)
    metric.update(embeddings, target)
    return metric.compute()


def test_by_hand():
    metric = ClassVariance(num_classes=3, embedding_dim=1)
    metric.update(torch.tensor([[1.0], [3.0], [10.0], [10.0]]), torch.tensor([0, 0, 2, 2]))
    values = metric.compute()
    # means 2 and 10 around 6; variances 1 and 0; each class half of the sample
    np.testing.assert_array_equal(values["class_means"], [[2], [np.nan], [10]])
    assert values["var_within"].item() == 0.5
    assert values["var_between"].item() == 16
    np.testing.assert_array_equal(values["var_per_class"], [1, np.nan, 0])


@given(seeds, st.lists(st.integers(0, 30), max_size=5))
def test_exact_under_any_batching(seed, cuts):
    embeddings, target = sample(seed)
    metric = ClassVariance(5, 3)
    edges = [0, *sorted(cuts), 30]
    for start, stop in pairwise(edges):  # some of these batches are empty
        metric.update(embeddings[start:stop], target[start:stop])
    check(metric.compute(), embeddings, target)


@given(seeds)
def test_within_and_between_add_up_to_the_total_variance(seed):
    embeddings, target = sample(seed)
    values = measured(embeddings, target)
    total = embeddings.double().numpy().var(axis=0).sum()
    assert (values["var_within"] + values["var_between"]).item() == pytest.approx(total)


@pytest.mark.parametrize("batch", [1, 7, 30])
def test_stable_far_from_the_origin(batch):
    embeddings, target = sample(0)
    far = embeddings.double() + 1e6
    metric = ClassVariance(5, 3)
    for z, y in zip(far.split(batch), target.split(batch), strict=True):
        metric.update(z, y)
    check(metric.compute(), far, target, rtol=1e-6)


def test_values_are_float64_whatever_comes_in():
    embeddings, target = sample(0)
    values = measured(embeddings.bfloat16(), target)
    assert {value.dtype for value in values.values()} == {torch.float64}
    check(values, embeddings.bfloat16(), target)


def test_one_sample_has_no_variance():
    values = measured(torch.ones(1, 3), torch.tensor([4]))
    assert (
        values["var_within"].item() == values["var_between"].item() == values["var_per_class"][4].item() == 0
    )
    assert values["class_means"][4].tolist() == [1, 1, 1]


def test_one_class():
    metric = ClassVariance(1, 1)
    metric.update(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))
    assert metric.compute()["var_within"].item() == 1


def test_nan_where_nothing_was_seen():
    metric = ClassVariance(2, 1)
    metric.update(torch.empty(0, 1), torch.empty(0, dtype=torch.long))
    assert all(value.isnan().all() for value in metric.compute().values())


def test_reset_forgets():
    metric = ClassVariance(5, 3)
    metric.update(torch.full((4, 3), 1e3), torch.tensor([0, 1, 2, 3]))
    metric.reset()
    embeddings, target = sample(1)
    metric.update(embeddings, target)
    check(metric.compute(), embeddings, target)


def test_three_processes_equal_one_even_where_one_saw_nothing(computed_together):
    embeddings, target = sample(2)
    metrics = [ClassVariance(5, 3) for _ in range(3)]
    for metric, start, stop in zip(metrics, (0, 0, 11), (0, 11, 30), strict=True):
        metric.update(embeddings[start:stop], target[start:stop])
    check(computed_together(metrics), embeddings, target)
    assert metrics[0].count.ndim == 1  # its own state again, so that a run goes on


def test_no_gradient_is_kept():
    embeddings, target = sample(0)
    assert not measured(embeddings.requires_grad_(), target)["var_within"].requires_grad


@pytest.mark.parametrize("sizes", [(0, 2), (3, 0)])
def test_bad_sizes(sizes):
    with pytest.raises(ValueError, match=rf"must be at least 1, got {min(sizes)}"):
        ClassVariance(*sizes)
