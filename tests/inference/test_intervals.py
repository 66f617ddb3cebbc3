import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from icv_lightning.inference.intervals import (
    holm,
    p_above,
    percentile_interval,
    prediction_interval,
    resampling_counts,
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


def test_prediction_of_a_further_value_is_wider_and_holds_the_rounding():
    half = 4.302653 * (1 + 1 / 3) ** 0.5
    assert prediction_interval([1, 2, 3], 0.5) == pytest.approx((3, 2, 1.5 - half, 2.5 + half), rel=1e-6)


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


def test_p_of_equal_values_is_certain():
    assert p_above([0.5, 0.5], 0.4) == 0
    assert p_above([0.5, 0.5], 0.5) == 1


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_raw_and_bonferroni(p):
    for raw, adjusted in zip(p, holm(p), strict=True):
        assert raw <= adjusted <= min(1, raw * len(p)) + 1e-12


def test_bootstrap_of_a_proportion_agrees_with_its_standard_error():
    counts = resampling_counts(400, 2000)
    assert (counts.sum(1) == 400).all()
    right = (np.arange(400) < 300).astype(np.float32)
    low, high = percentile_interval(counts @ right / 400)
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.006)
