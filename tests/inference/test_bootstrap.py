import numpy as np
import pytest
from scipy.stats import binom, bootstrap

from icv_lightning.inference.bootstrap import (
    bootstrap_mean,
    mean_replicates,
    percentile_interval,
    resampling_counts,
)


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


def test_hits_resample_as_a_binomial():
    hits = np.repeat([1.0, 0.0], [150, 50])
    found = bootstrap_mean(hits, draws=20_000)
    assert (found.value, found.n) == (0.75, 200)
    assert [found.low, found.high] == pytest.approx(binom.ppf([0.025, 0.975], 200, 0.75) / 200, abs=0.006)


def test_differences_against_scipy():
    rng = np.random.default_rng(1)
    values = rng.normal(size=300) ** 3
    theirs = bootstrap((values,), np.mean, n_resamples=9999, method="percentile", rng=2).confidence_interval
    found = bootstrap_mean(values, draws=9999)
    assert [found.low, found.high] == pytest.approx([theirs.low, theirs.high], abs=0.03)


def test_classes_that_differ_widen_the_interval():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(12), rng.integers(5, 60, 12))
    values = rng.normal(size=12)[groups] + 0.1 * rng.normal(size=len(groups))
    found = bootstrap_mean(values, groups, draws=8000)

    def of_classes(chosen):
        parts = [values[groups == k] for k in chosen.astype(int)]
        return np.concatenate(parts).mean()

    theirs = bootstrap(
        (np.arange(12),), of_classes, n_resamples=3000, method="percentile", vectorized=False, rng=4
    ).confidence_interval
    assert [found.low, found.high] == pytest.approx([theirs.low, theirs.high], abs=0.06)
    assert found.n == 12
    pictures = bootstrap_mean(values)
    assert found.high - found.low > 2 * (pictures.high - pictures.low)


def test_blocks_and_seeds(monkeypatch):
    values = np.random.default_rng(0).normal(size=50)
    whole = bootstrap_mean(values, seed=5)
    monkeypatch.setattr("icv_lightning.inference.bootstrap.BLOCK", 120)
    assert bootstrap_mean(values, seed=5) == whole
    assert bootstrap_mean(values, seed=6) != whole


def test_bad_arguments():
    with pytest.raises(ValueError, match="values must hold at least one"):
        bootstrap_mean(np.ones(0))
    with pytest.raises(ValueError, match="groups must be one a value, got 2 for 3"):
        bootstrap_mean(np.ones(3), np.ones(2, dtype=int))
