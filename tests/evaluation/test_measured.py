from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from icv_lightning.evaluation import measured
from icv_lightning.evaluation.measured import (
    by_epoch,
    class_covariances,
    condition,
    last_epoch,
    mahalanobis_preds,
)
from icv_lightning.records.cells import Cell
from icv_lightning.records.snapshots import Snapshot
from tests.report.grid import embed


def snapshot(weight=0.0, dim=2):
    a = embed(Cell("mnist", weight, dim, False), 0, 600, 400)
    return Snapshot(
        20, "test", a["train_embeddings"], a["train_target"], a["test_embeddings"], a["test_target"],
        a["test_preds"], a["test_index"], a["centroids"], a["class_means"],
    )  # fmt: skip


def test_spread_by_hand():
    """Two classes, means 4 apart; distances to the own mean 1, 1, 1, 3 on train."""
    means = np.array([[0, 0], [4.0, 0]])
    train = np.array([[0, 1], [0, -1], [4, 1], [4, 3.0]])
    target = np.array([0, 0, 1, 1])
    s = Snapshot(1, "test", train, target, train, target, target, target, means + np.array([0, 2]), means)
    found = by_epoch(s)
    assert found["spacing"] == 4
    assert found["centroid_lag"] == pytest.approx(2 / 4)
    assert found["distance_median"] == pytest.approx(1 / 4)
    assert found["distance_p99"] == pytest.approx((1 + 2 * 0.97) / 4)  # between the third and the fourth


def test_bits_and_values_agree():
    found = last_epoch(snapshot())
    for rule, bits in found.right.items():
        assert bits.dtype == bool
        assert found.values[rule] == bits.mean()
    assert found.right["acc_cosine"].mean() != found.right["acc_nearest_class_mean"].mean()


def test_draws_surround_their_values():
    found = last_epoch(snapshot(0.05))
    for key, draws in found.draws.items():
        low, high = np.quantile(draws, [0.001, 0.999])
        assert low <= found.values[key] <= high


def test_very_many_classes_or_dimensions_are_left_out(monkeypatch):
    s = snapshot()
    monkeypatch.setattr(measured, "MOST_DIMENSIONS", 1)
    found = last_epoch(s)
    assert "acc_mahalanobis" not in found.right
    assert "condition" not in found.values
    monkeypatch.setattr(measured, "MOST_CLASSES", 9)
    assert by_epoch(s) == {}
    assert not last_epoch(s).right


@pytest.mark.parametrize("dim", [2, 4])
def test_mahalanobis_is_that_of_scipy(dim):
    s = snapshot(dim=dim)
    inverse = {
        k: np.linalg.inv(np.cov(s.train_embeddings[s.train_target == k].T, bias=True)) for k in range(10)
    }
    expected = [
        min(range(10), key=lambda k: mahalanobis(point, s.class_means[k], inverse[k]))
        for point in s.embeddings
    ]
    assert (
        mahalanobis_preds(s, class_covariances(s)) == expected
    ).mean() > 0.995  # the ridge may decide a tie


def test_mahalanobis_bears_a_class_without_any_spread():
    means = np.array([[0, 0], [4.0, 0]])
    target = np.array([0, 0, 1, 1])
    train = np.array([[0, 0], [0, 0], [3, 1], [5, -1.0]])
    s = Snapshot(1, "test", train, target, means, np.array([0, 1]), target[:2], target[:2], means, means)
    assert mahalanobis_preds(s, class_covariances(s)).tolist() == [0, 1]


def test_condition_of_stretched_clusters():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4000, 2)) * [3, 1]
    target = np.arange(4000) % 2
    means = np.zeros((2, 2))
    s = Snapshot(1, "test", points, target, points, target, target, target, means, means)
    assert condition(class_covariances(s)) == pytest.approx(9, rel=0.1)


@pytest.mark.parametrize("scale", [0.01, 100])
def test_scaling_embeddings_changes_neither_rule_nor_condition(scale):
    one = snapshot()
    lengths = ("train_embeddings", "embeddings", "class_means")
    other = replace(one, **{name: scale * getattr(one, name).astype(np.float64) for name in lengths})
    ours, theirs = class_covariances(one), class_covariances(other)
    assert condition(theirs) == pytest.approx(condition(ours), rel=1e-5)
    assert (mahalanobis_preds(other, theirs) == mahalanobis_preds(one, ours)).all()
