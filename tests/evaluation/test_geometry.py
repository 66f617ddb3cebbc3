import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from icv_lightning.evaluation import geometry
from icv_lightning.records.cells import Cell
from icv_lightning.records.snapshots import Snapshot
from tests.report.grid import embed


def snapshot(weight=0.05, dim=2, seed=0, scale=1.0):
    arrays = embed(Cell("mnist", weight, dim, False), seed, 400, 300)
    lengths = ("train_embeddings", "test_embeddings", "centroids", "class_means")
    a = {key: scale * value.astype(np.float64) if key in lengths else value for key, value in arrays.items()}
    return Snapshot(
        20, "test", a["train_embeddings"], a["train_target"], a["test_embeddings"], a["test_target"],
        a["test_preds"], a["test_index"], a["centroids"], a["class_means"],
    )  # fmt: skip


def test_spacing_is_the_mean_distance_to_the_nearest_other_mean():
    means = np.array([[0, 0], [3, 0], [3, 4.0]])  # nearest: 3, 3, 4
    assert geometry.spacing(means) == pytest.approx(10 / 3)
    assert geometry.spacing(np.vstack([means, [np.nan, np.nan]])) == pytest.approx(10 / 3)


def test_distances_to_own_and_nearest_other_mean():
    means = np.array([[0, 0], [3, 4.0]])
    own, other = geometry.own_and_other(np.array([[0, 0], [3, 0.0]]), np.array([0, 1]), means)
    assert own.tolist() == [0, 4]
    assert other.tolist() == [5, 3]


def test_a_class_without_a_mean_is_never_the_nearest():
    means = np.array([[0, 0], [np.nan, np.nan]])
    assert geometry.distances(np.array([[9.0, 9.0]]), means).argmin(1).tolist() == [0]


def test_tail_by_hand():
    own = np.r_[np.arange(101), 2 * np.ones(101)]  # p99 99, median 50; and a class without a tail
    target = np.r_[np.zeros(101, int), np.ones(101, int)]
    assert geometry.tail(own, target) == pytest.approx((99 / 50 + 1) / 2)


@pytest.mark.filterwarnings("error")
def test_a_class_that_is_one_point_has_no_tail():
    own, target = np.array([0.0, 0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1, 1])
    assert geometry.tail(own, target) == pytest.approx(2.98 / 2)
    assert np.isnan(geometry.tail(own[:3], target[:3]))
    draws = geometry.spread_replicates(own, target, 50)
    assert (draws["tail"] >= 1).all()
    assert (draws["tail"] <= 3).all()
    assert np.isnan(geometry.spread_replicates(own[:3], target[:3], 5)["tail"]).all()
    half = geometry.spread_replicates(np.array([0.0, 0, 0, 1]), np.zeros(4, int), 100)["tail"]
    assert set(half[~np.isfinite(half)].tolist()) >= {np.inf}  # more than half at the mean, and one far off


def test_bootstrap_of_spread_surrounds_it():
    rng = np.random.default_rng(1)
    own, target = rng.exponential(size=2000), np.arange(2000) % 4
    draws = geometry.spread_replicates(own, target, 200)
    measured = {
        "tail": geometry.tail(own, target),
        "distance_median": np.median(own),
        "distance_p99": np.quantile(own, 0.99),
    }
    assert draws.keys() == measured.keys()
    for key, value in measured.items():
        low, high = np.quantile(draws[key], [0.025, 0.975])
        assert low < value < high
        assert high - low < 2


def test_distance_to_the_own_mean_by_hand():
    means = np.array([[0, 0], [3, 4.0]])
    own = geometry.own_distances(np.array([[3, 4.0], [0, 4]]), np.array([0, 1]), means)
    assert own.tolist() == [5, 3]


def test_the_cosine_looks_at_directions_alone():
    means = np.array([[1, 0], [10, 10], [np.nan, np.nan]])  # the last class was never seen
    embeddings = np.array([[100, 1], [1, 0.9], [0.1, 0.0], [0, 0.0]])
    assert geometry.cosine_preds(embeddings, means).tolist() == [0, 1, 0, 0]


def test_the_cosine_is_that_of_scipy():
    s = snapshot(0.0, 4)
    nearest = cdist(s.embeddings, s.class_means, "cosine").argmin(1)
    assert (geometry.cosine_preds(s.embeddings, s.class_means) == nearest).all()


def test_lag_by_hand():
    means = np.array([[0, 0], [4.0, 0]])
    centroids = np.array([[0, 1], [4.0, 3]])  # 1 and 3 away, spacing 4
    both = np.array([0, 1])
    s = Snapshot(1, "test", means, both, means, both, both, both, centroids, means)
    assert geometry.centroid_lag(s) == pytest.approx(0.5)


@given(st.floats(0.01, 100))
def test_scaling_embeddings_and_centroids_together_changes_nothing(scale):
    one, other = snapshot(), snapshot(scale=scale)
    assert geometry.centroid_lag(other) == pytest.approx(geometry.centroid_lag(one), rel=1e-6)
