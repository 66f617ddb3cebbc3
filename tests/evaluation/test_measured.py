import numpy as np
import pytest

from icv_lightning.evaluation import measured
from icv_lightning.evaluation.measured import by_epoch, last_epoch
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
