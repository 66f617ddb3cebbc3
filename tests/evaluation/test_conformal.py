import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.evaluation.conformal import conformal_threshold, promised


def test_worked_example():
    distances = np.array([5.0, 1, 4, 2, 3, 9, 8, 7, 6])
    assert conformal_threshold(distances, 0.1) == (9, 0.1, 9)  # the 9th of 9: (9 + 1)·0.9
    assert conformal_threshold(distances, 0.5) == (5, 0.5, 9)
    assert conformal_threshold(distances, 0.05) == (np.inf, 0.05, 9)  # 9 are too few to promise 5 %


@given(st.integers(1, 60), st.sampled_from([0.01, 0.05, 0.1, 0.29, 0.5]))
def test_of_all_orders_of_n_and_one_at_most_alpha_are_rejected(n, alpha):
    """Exchangeable: each of n + 1 values is as likely the further one."""
    values = np.random.default_rng(n).permutation(n + 1).astype(float)
    rejected = [values[i] > conformal_threshold(np.delete(values, i), alpha).value for i in range(n + 1)]
    assert sum(rejected) <= alpha * (n + 1) + 1e-9
    assert sum(rejected) > alpha * (n + 1) - 1  # and no stricter than it must be


@given(st.integers(1, 60), st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.29, 0.5]))
def test_what_n_can_promise_has_a_finite_threshold(n, rate):
    distances = np.random.default_rng(n).permutation(n).astype(float)
    alpha = promised(rate, n)
    assert alpha >= rate
    assert conformal_threshold(distances, alpha).value <= distances.max()
    if alpha > rate:
        assert alpha == 1 / (n + 1)
        assert conformal_threshold(distances, alpha).value == distances.max()


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"alpha must be in \(0, 1\), got 0"):
        conformal_threshold(np.ones(3), 0)
    with pytest.raises(ValueError, match="distances must hold at least one"):
        conformal_threshold(np.ones(0), 0.1)
