"""What whole losses share, by hand."""

import math

import numpy as np
import pytest
import torch

from icv_lightning.losses.terms import CrossEntropy, check_factor, cross_entropy, gradient_alone


def test_cross_entropy_by_hand_and_in_float32_under_autocast():
    logits, target = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]]), torch.tensor([1, 0])
    wanted = (math.log(2) + math.log(4 / 3)) / 2
    with torch.autocast("cpu", torch.bfloat16):
        found = cross_entropy(logits, target)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(wanted, rel=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        assert cross_entropy(logits.double(), target).dtype == torch.float64
        half = cross_entropy(logits.bfloat16(), target)
    assert half.dtype == torch.float32
    assert half.item() == cross_entropy(logits.bfloat16().float(), target).item()


def test_a_term_can_give_its_gradient_alone():
    x = torch.tensor(3.0, requires_grad=True)
    found = gradient_alone(x**2)
    found.backward()
    assert (found.item(), x.grad.item()) == (0.0, 6.0)


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_a_factor_that_cannot_be(value):
    assert check_factor(0.0) == 0.0
    with pytest.raises(ValueError, match=rf"between \(β\) must be finite and not negative, got {value}"):
        check_factor(value, "between (β)")


def by_hand(logits, target, weights, smoothing):
    """Mean over samples of −Σ_c w_c q_c log p_c, where q is the smoothed target."""
    total = 0.0
    for row, k in zip(logits.double().numpy(), target.tolist(), strict=True):
        log_p = row - row.max() - np.log(np.exp(row - row.max()).sum())
        q = np.full(len(row), smoothing / len(row))
        q[k] += 1 - smoothing
        total -= (np.asarray(weights) * q * log_p).sum()
    return total / len(target)


@pytest.mark.parametrize("weights", [None, [1.0, 1.0, 1.0, 1.0], [0.5, 2.0, 1.0, 4.0]])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed_and_weighted_cross_entropy_against_numpy(weights, smoothing):
    generator = torch.Generator().manual_seed(0)
    logits, target = torch.randn(9, 4, generator=generator), torch.randint(4, (9,), generator=generator)
    found = CrossEntropy(smoothing, weights)(logits, target)
    assert found.item() == pytest.approx(by_hand(logits, target, weights or [1.0] * 4, smoothing), rel=1e-6)


def test_a_weighted_mean_does_not_depend_on_the_batches():
    generator = torch.Generator().manual_seed(0)
    logits, target = torch.randn(12, 3, generator=generator), torch.randint(3, (12,), generator=generator)
    criterion = CrossEntropy(0.1, [1.0, 5.0, 0.2])
    halves = [criterion(s, y) for s, y in zip(logits.split(6), target.split(6), strict=True)]
    assert criterion(logits, target).item() == pytest.approx(sum(halves).item() / 2, rel=1e-6)


def test_plain_cross_entropy_is_bit_equal_to_that_without_choices():
    logits, target = torch.randn(9, 4), torch.randint(4, (9,))
    assert torch.equal(CrossEntropy()(logits, target), cross_entropy(logits, target))
    assert not CrossEntropy(class_weights=[1.0, 2.0]).state_dict()  # the weights stand in the configuration


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing must be at least 0 and below 1, got 1.0"),
        ({"class_weights": [1.0, 0.0]}, "class_weights must be positive and finite, got"),
        ({"class_weights": "balanced"}, "class_weights must be a number for each class here, got 'balanced'"),
    ],
)
def test_choices_of_cross_entropy_that_cannot_be(options, said):
    with pytest.raises(ValueError, match=said):
        CrossEntropy(**options)
