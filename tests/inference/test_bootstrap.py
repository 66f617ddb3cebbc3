import numpy as np
import pytest

from icv_lightning.inference.bootstrap import mean_replicates, percentile_interval, resampling_counts


def test_interval_of_a_proportion_agrees_with_its_standard_error():
    assert (resampling_counts(400, 2000).sum(1) == 400).all()
    right = np.arange(400) < 300
    low, high = percentile_interval(mean_replicates(right, 2000))
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.006)


def test_samples_are_the_same_for_every_model():
    right = np.random.default_rng(0).random(300) < 0.9
    assert (mean_replicates(right) - mean_replicates(right) == 0).all()
    one_more = right.copy()
    one_more[np.flatnonzero(~right)[0]] = True
    assert (mean_replicates(one_more) - mean_replicates(right) >= 0).all()
