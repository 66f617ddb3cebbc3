"""What whole losses share, by hand."""

import math

import pytest
import torch

from icv_lightning.losses.terms import check_factor, cross_entropy, gradient_alone


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
