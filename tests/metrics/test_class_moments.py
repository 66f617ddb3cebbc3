"""Moments of two samples, merged, are those of both together: against NumPy on the joined sample."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.metrics import ClassVariance, WithinClassCovariance


@pytest.mark.parametrize("metric", [ClassVariance, WithinClassCovariance])
@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_two_processes_are_one_sample(metric, seed, cut):
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 3, size=20)
    points = rng.normal(size=(20, 2)) + 5 * target[:, None]
    parts = []
    for chosen in (slice(0, cut), slice(cut, 20)):
        own = metric(4, 2)
        own.update(torch.from_numpy(points[chosen]), torch.from_numpy(target[chosen]))
        parts.append((own.count, own.mean, own.spread))
    count, mean, spread = own.merge(*parts)
    assert count.tolist() == np.bincount(target, minlength=4).tolist()
    centred = np.zeros_like(points)
    for k in np.unique(target):
        np.testing.assert_allclose(mean[k], points[target == k].mean(0), rtol=1e-9)
        centred[target == k] = points[target == k] - points[target == k].mean(0)
    if metric is WithinClassCovariance:
        np.testing.assert_allclose(spread, centred.T @ centred, atol=1e-9)
    else:
        squares = np.bincount(target, (centred**2).sum(1), minlength=4)
        np.testing.assert_allclose(spread, squares, atol=1e-9)


@pytest.mark.parametrize("metric", [ClassVariance, WithinClassCovariance])
@pytest.mark.parametrize(
    ("shape", "target", "message"),
    [
        (
            (2, 3),
            [0, 1],
            r"embeddings \(B x N\) and centroids \(K x N\) must share N, got \(2, 3\) and \(4, 2\)",
        ),
        ((1, 2), [0, 1], r"target must have shape \(1,\), got \(2,\)"),
        ((2, 2), [0, 4], "target must hold classes 0 to 3, got 0 to 4"),
        ((2, 2), [-1, 0], "target must hold classes 0 to 3, got -1 to 0"),
    ],
)
def test_batches_that_do_not_fit(metric, shape, target, message):
    with pytest.raises(ValueError, match=message):
        metric(4, 2).update(torch.zeros(shape), torch.tensor(target))
