"""Section 2.2 of the paper as properties, each against an oracle that follows the definition word by word."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from icv_lightning.variability import (
    between_class_covariance,
    between_class_variance,
    class_covariance,
    class_means,
    class_priors,
    grand_mean,
    scatter,
    variance,
    within_class_covariance,
    within_class_variance,
)
from icv_lightning.variability.classes import class_centred

bounded = settings(max_examples=40, deadline=None)


@st.composite
def samples(draw):
    """A sample of up to 12 points in up to 3 dimensions, up to 4 classes (some empty), positive weights."""
    size, dim = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    offset = draw(st.sampled_from([0.0, 1.0, -1e6]))
    embeddings = torch.from_numpy(rng.normal(size=(size, dim)) * draw(st.sampled_from([1e-3, 1.0])) + offset)
    weights = torch.from_numpy(rng.uniform(0.1, 3.0, size)) if draw(st.booleans()) else None
    return embeddings, torch.from_numpy(rng.integers(0, 4, size)), weights


def shares(embeddings, weights):
    weights = torch.ones(len(embeddings), dtype=torch.float64) if weights is None else weights.double()
    return (weights / weights.sum()).numpy()


def pair_scatter(embeddings, weights=None):
    """Half the mean squared distance over all pairs: the definition, in quadratic time."""
    x, p = embeddings.double().numpy(), shares(embeddings, weights)
    pairs = itertools.product(range(len(x)), repeat=2)
    return 0.5 * sum(p[i] * p[j] * float(((x[i] - x[j]) ** 2).sum()) for i, j in pairs)


def parts(embeddings, target, weights):
    """(class, its embeddings, its weights) of the classes that are there."""
    for k in target.unique().tolist():
        own = target == k
        yield k, embeddings[own], None if weights is None else weights[own]


def close(actual, expected, scale=1.0):
    torch.testing.assert_close(
        torch.as_tensor(actual, dtype=torch.float64), torch.as_tensor(expected, dtype=torch.float64),
        rtol=1e-6, atol=1e-8 * scale, equal_nan=True,
    )  # fmt: skip


def test_worked_example():
    embeddings = torch.tensor([[0.0, 0.0], [2.0, 0.0], [5.0, 1.0], [5.0, 5.0]])
    target = torch.tensor([0, 0, 2, 2])
    close(grand_mean(embeddings), [3.0, 1.5])
    close(variance(embeddings), (9 + 1 + 4 + 4 + 2.25 * 2 + 0.25 + 12.25) / 4)
    close(class_priors(embeddings, target), [0.5, 0.0, 0.5])
    close(class_means(embeddings, target), [[1.0, 0.0], [np.nan, np.nan], [5.0, 3.0]])
    close(within_class_variance(embeddings, target), 0.5 * 1 + 0.5 * 4)
    close(between_class_variance(embeddings, target), 4 + 2.25)
    nothing = np.full((2, 2), np.nan)
    close(class_covariance(embeddings, target), np.array([[[1, 0], [0, 0]], nothing, [[0, 0], [0, 4]]]))
    close(within_class_covariance(embeddings, target), [[0.5, 0], [0, 2]])
    close(between_class_covariance(embeddings, target), [[4, 3], [3, 2.25]])


def test_weighted_worked_example():
    embeddings, weights = torch.tensor([[0.0], [4.0]]), torch.tensor([3, 1])
    close(grand_mean(embeddings, weights), [1.0])
    close(variance(embeddings, weights=weights), 0.75 * 1 + 0.25 * 9)
    close(scatter(embeddings, weights=weights), 0.75 * 0.25 * 16)


@given(samples())
@bounded
def test_scatter_is_half_the_mean_squared_pair_distance_and_equals_variance(sample):
    embeddings, _, weights = sample
    close(scatter(embeddings, weights), pair_scatter(embeddings, weights))
    close(variance(embeddings, weights), pair_scatter(embeddings, weights))


@given(samples())
@bounded
def test_grand_mean_is_the_average_of_class_means(sample):
    embeddings, target, weights = sample
    prior, means = class_priors(embeddings, target, weights), class_means(embeddings, target, weights)
    present = prior > 0
    close(prior.sum(), 1.0)
    close(prior[present] @ means[present], grand_mean(embeddings, weights))


@given(samples())
@bounded
def test_within_class_variance_is_the_average_of_the_scatters_of_classes(sample):
    embeddings, target, weights = sample
    prior = class_priors(embeddings, target, weights)
    within = within_class_variance(embeddings, target, weights)
    scatters = [(k, pair_scatter(x, w)) for k, x, w in parts(embeddings, target, weights)]
    close(within, sum(float(prior[k]) * own for k, own in scatters))
    for (_, own), (_, x, w) in zip(scatters, parts(embeddings, target, weights), strict=True):
        close(variance(x, w), own)


@given(samples())
@bounded
def test_within_class_variance_is_the_trace_of_the_within_class_covariance(sample):
    embeddings, target, weights = sample
    within = within_class_covariance(embeddings, target, weights)
    close(within.trace(), within_class_variance(embeddings, target, weights))
    prior = class_priors(embeddings, target, weights)
    own = class_covariance(embeddings, target, weights)
    close(torch.einsum("k,knm->nm", prior[prior > 0], own[prior > 0]), within)


@given(samples())
@bounded
def test_within_measures_are_those_of_the_class_centred_sample(sample):
    embeddings, target, weights = sample
    x, p = embeddings.numpy(), shares(embeddings, weights)
    centred = np.empty_like(x)
    for k in set(target.tolist()):
        own = target.numpy() == k
        centred[own] = x[own] - (p[own, None] * x[own]).sum(0) / p[own].sum()
    close(within_class_variance(embeddings, target, weights), variance(torch.from_numpy(centred), weights))
    covariance = np.atleast_2d(np.cov(centred.T, aweights=p, ddof=0))
    close(within_class_covariance(embeddings, target, weights), covariance)


@given(samples())
@bounded
def test_total_is_within_plus_between(sample):
    embeddings, target, weights = sample
    within = within_class_variance(embeddings, target, weights)
    between = between_class_variance(embeddings, target, weights)
    close(within + between, variance(embeddings, weights))
    total = within_class_covariance(embeddings, target, weights)
    total = total + between_class_covariance(embeddings, target, weights)
    close(total, np.atleast_2d(np.cov(embeddings.numpy().T, aweights=shares(embeddings, weights), ddof=0)))
    close(between_class_covariance(embeddings, target, weights).trace(), between)


@given(samples(), st.integers(0, 2**32 - 1))
@bounded
def test_integer_weights_are_repetition(sample, seed):
    embeddings, target, _ = sample
    times = torch.from_numpy(np.random.default_rng(seed).integers(0, 4, len(target)))
    times[0] += 1
    again, classes = embeddings.repeat_interleave(times, 0), target.repeat_interleave(times)
    k = int(target.max()) + 1
    close(grand_mean(embeddings, times), grand_mean(again))
    close(variance(embeddings, times), variance(again))
    for measure in (within_class_variance, between_class_variance, within_class_covariance):
        close(measure(embeddings, target, times), measure(again, classes))
    for measure in (class_priors, class_means, class_covariance):
        close(measure(embeddings, target, times, k), measure(again, classes, num_classes=k))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_stays_exact_far_from_the_origin(dtype):
    rng = np.random.default_rng(0)
    near = torch.from_numpy(rng.integers(-64, 64, (500, 3)) / 16)  # exact in float32 at 1e6, too
    target = torch.from_numpy(rng.integers(0, 5, 500))
    far = (near + 1e6).to(dtype)
    for measure in (within_class_variance, between_class_variance, within_class_covariance):
        torch.testing.assert_close(measure(far, target), measure(near, target), rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(scatter(far), scatter(near), rtol=1e-7, atol=0)


def test_measures_are_differentiable_also_with_weightless_and_absent_classes():
    embeddings = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    target, weights = torch.tensor([0, 0, 2, 2, 3, 0]), torch.tensor([1.0, 2, 1, 1, 0, 1])
    for measure in (within_class_variance, between_class_variance, within_class_covariance):
        assert torch.autograd.gradcheck(lambda x, m=measure: m(x, target, weights), (embeddings,))
    for measure in (class_means, class_covariance):
        assert torch.autograd.gradcheck(lambda x, m=measure: m(x, target, weights)[[0, 2]], (embeddings,))
    assert torch.autograd.gradcheck(variance, (embeddings,))
    weights.requires_grad_()
    for measure in (class_means, class_covariance):
        (gradient,) = torch.autograd.grad(measure(embeddings, target, weights)[[0, 2]].sum(), weights)
        assert gradient.isfinite().all()


def test_class_centred_sample_by_hand():
    embeddings, weights = torch.tensor([[1.0], [4.0], [9.0]]), torch.tensor([2.0, 1.0, 0.0])
    close(class_centred(embeddings, torch.tensor([0, 0, 1]), weights), [[-1.0], [2.0], [0.0]])


def test_weights_of_half_precision_are_summed_in_float64():
    embeddings, weights = torch.tensor([[0.0], [4.0]]), torch.tensor([60000.0, 60000.0]).half()
    close(grand_mean(embeddings, weights), [2.0])


def test_small_weights():
    embeddings, weights = torch.tensor([[0.0], [4.0]]), torch.tensor([1e-3, 1e-3])
    close(grand_mean(embeddings, weights), [2.0])


def test_degenerate_samples():
    one, target = torch.tensor([[3.0, 4.0]]), torch.tensor([2])
    assert variance(one) == within_class_variance(one, target) == between_class_variance(one, target) == 0
    empty = torch.empty(0, 2)
    assert variance(empty).isnan()
    assert grand_mean(empty).isnan().all()
    assert class_means(empty, torch.empty(0, dtype=torch.long), num_classes=3).shape == (3, 2)
    assert class_priors(empty, torch.empty(0, dtype=torch.long)).shape == (0,)
    assert within_class_variance(torch.full((3, 2), torch.nan), torch.tensor([0, 1, 1])).isnan()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(3), torch.zeros(3, dtype=torch.long)), r"embeddings must have shape \(M, N\)"),
        ((torch.zeros(3, 2), torch.zeros(2, dtype=torch.long)), r"target must have shape \(3,\), got \(2,\)"),
        ((torch.zeros(2, 2), torch.tensor([0, 1]), torch.ones(3)), r"weights must have shape \(2,\)"),
        ((torch.zeros(2, 2), torch.tensor([0, 1]), torch.tensor([2.0, -1.0])), "weights must be finite"),
        ((torch.zeros(2, 2), torch.tensor([0, 1]), torch.zeros(2)), "not all 0"),
        ((torch.zeros(2, 2), torch.tensor([0, 1]), torch.tensor([1.0, torch.inf])), "weights must be finite"),
        ((torch.zeros(2, 2), torch.tensor([0, 5]), None, 3), "classes 0 to 2, got 0 to 5"),
        ((torch.zeros(2, 2), torch.tensor([0, 3]), None, 3), "classes 0 to 2, got 0 to 3"),
        ((torch.zeros(2, 2), torch.tensor([-1, 0])), "got -1 to 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        class_means(*arguments)
