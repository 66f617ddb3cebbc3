import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from icv_lightning.inference.intervals import (
    holm,
    p_above,
    t_interval,
)

samples = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=2, max_size=12).filter(
    lambda values: len(set(values)) > 1
)


def test_interval_of_three_values_by_hand():
    # mean 2, standard deviation 1, t of two degrees of freedom 4.302653
    assert t_interval([1, 2, 3]) == pytest.approx(
        (3, 2, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), rel=1e-6
    )


def test_one_value_has_no_bounds():
    interval = t_interval([0.7])
    assert (interval.n, interval.mean) == (1, 0.7)
    assert np.isnan([interval.low, interval.high]).all()


@given(samples)
def test_interval_is_that_of_scipy(values):
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = t_interval(values)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-9)


@given(samples, st.floats(-50, 50))
def test_p_is_below_005_exactly_where_the_interval_is_above_the_bound(values, bound):
    low = t_interval(values).low
    if abs(low - bound) > 1e-6:
        assert (p_above(values, bound) < 0.05) == (low > bound)


@pytest.mark.parametrize("values", [[0.5, 0.5], [0.1 + 0.2, 0.3, 0.3], [0.0, 0.0, 0.0]])
def test_equal_values_tell_nothing_of_their_error(values):
    assert p_above(values, -1.0) == p_above(values, 1.0) == 1
    assert np.isnan(t_interval(values).half)


def test_splits_that_share_training_data_widen_the_interval_as_nadeau_and_bengio_say():
    # of ten splits that train on 7 of 10 classes and test on 3: variance (1/10 + 3/7) in place of 1/10
    values = np.random.default_rng(0).normal(size=10)
    wide, narrow = t_interval(values, overlap=3 / 7), t_interval(values)
    assert wide.half / narrow.half == pytest.approx(((1 / 10 + 3 / 7) / (1 / 10)) ** 0.5)
    bound = wide.low
    assert p_above(values, bound, 3 / 7) == pytest.approx(0.05)


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_raw_and_bonferroni(p):
    for raw, adjusted in zip(p, holm(p), strict=True):
        assert raw <= adjusted <= min(1, raw * len(p)) + 1e-12
