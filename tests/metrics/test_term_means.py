"""Means of loss terms over samples."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.metrics import TermMeans


def terms(loss: float, ce: float) -> dict[str, torch.Tensor]:
    return {"loss": torch.tensor(loss), "ce": torch.tensor(ce), "of no interest": torch.tensor(torch.nan)}


def test_batch_means_are_weighted_by_batch_size():
    metric = TermMeans(["loss", "ce"])
    metric.update(terms(1.0, 10.0), 3)
    metric.update(terms(5.0, 20.0), 1)
    assert {key: value.item() for key, value in metric.compute().items()} == {"loss": 2.0, "ce": 12.5}


@given(st.lists(st.integers(1, 19), max_size=5, unique=True))
def test_equals_the_mean_over_samples_under_any_batching(cuts):
    values = torch.randn(20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    metric = TermMeans(["loss"])
    for part in np.split(values.numpy(), sorted(cuts)):
        metric.update({"loss": torch.tensor(part.mean())}, len(part))
    assert metric.compute()["loss"].item() == pytest.approx(values.mean().item())


def test_float64_and_without_gradient():
    metric = TermMeans(["loss"])
    metric.update({"loss": torch.tensor(0.1, requires_grad=True)}, 7)
    value = metric.compute()["loss"]
    assert value.item() == pytest.approx(torch.tensor(0.1).item(), rel=1e-14)
    assert value.dtype == torch.float64
    assert not value.requires_grad


def test_two_processes_equal_one(computed_together):
    metrics = [TermMeans(["loss", "ce"]) for _ in range(2)]
    metrics[0].update(terms(1.0, 10.0), 3)
    metrics[1].update(terms(5.0, 20.0), 1)
    assert computed_together(metrics)["loss"].item() == 2.0


def test_a_missing_term_is_an_error():
    with pytest.raises(KeyError, match="ce"):
        TermMeans(["loss", "ce"]).update({"loss": torch.tensor(1.0)}, 1)


def test_batches_before_a_term_is_not_finite_are_counted_from_0():
    means = TermMeans(["loss", "loss_ce"])
    assert means.finite.tolist() == [0, 0]
    for value in (1.0, torch.inf, 1.0):
        means.update({"loss": torch.tensor(value), "loss_ce": torch.tensor(1.0)}, 2)
    assert means.finite.tolist() == [1, 3]


def test_states_stay_where_they_are_and_start_at_0_again():
    means = TermMeans(["loss"])
    assert means.update_called is True  # a replayed graph adds without a call
    states = [means.sums, means.total, means.finite]
    means.update({"loss": torch.tensor(1.0)}, 2)
    means.reset()
    assert [a.data_ptr() for a in states] == [a.data_ptr() for a in (means.sums, means.total, means.finite)]
    assert [a.sum().item() for a in states] == [0, 0, 0]
