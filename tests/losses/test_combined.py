"""L1 = L0 + λ · L_var, and what λ = 0 means."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from icv_lightning.losses import CombinedLoss, intra_class_variance


def batch(seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    logits, embeddings, centroids = (
        torch.randn(*shape, generator=generator, dtype=dtype) for shape in ((6, 4), (6, 3), (4, 3))
    )
    return logits, embeddings, centroids, torch.tensor([0, 3, 3, 1, 0, 3])


def oracle(logits, embeddings, centroids, target, weight) -> float:
    total = 0.0
    for s, z, k in zip(logits.numpy(), embeddings.numpy(), target.tolist(), strict=True):
        probability = np.exp(s[k]) / np.exp(s).sum()
        total += -np.log(probability) + weight * ((z - centroids.numpy()[k]) ** 2).sum()
    return total / len(target)


def test_worked_example():
    # scores of 0 and log 3 are probabilities of 1/4 and 3/4; the target has 3/4
    logits = torch.tensor([[0.0, math.log(3)]])
    terms = CombinedLoss(0.5)(logits, torch.tensor([[1.0, 2.0]]), torch.zeros(2, 2), torch.tensor([1]))
    assert terms["loss_ce"].item() == pytest.approx(math.log(4 / 3))
    assert terms["loss_var"].item() == 5
    assert terms["loss"].item() == pytest.approx(math.log(4 / 3) + 2.5)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.05, 0.5, 1.0, 20.0]))
def test_equals_the_loop(seed, weight):
    logits, embeddings, centroids, target = batch(seed, torch.float64)
    terms = CombinedLoss(weight)(logits, embeddings, centroids, target)
    assert terms["loss"].item() == pytest.approx(oracle(logits, embeddings, centroids, target, weight))
    assert terms["loss_var"].item() == intra_class_variance(embeddings, centroids, target).item()


def test_terms_are_those_it_announces():
    assert set(CombinedLoss(0.1)(*batch())) == set(CombinedLoss.terms)


def test_gradcheck():
    logits, embeddings, centroids, target = batch(dtype=torch.float64)
    inputs = tuple(x.requires_grad_() for x in (logits, embeddings, centroids))
    assert torch.autograd.gradcheck(lambda *x: CombinedLoss(0.3)(*x, target)["loss"], inputs)


def gradients(weight: float | None) -> list[torch.Tensor]:
    """Of a small network's parameters; None for plain cross-entropy."""
    torch.manual_seed(0)
    net, head = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3)), nn.Linear(3, 4)
    images, target = torch.randn(16, 5), torch.randint(4, (16,))
    embeddings = net(images)
    logits = head(embeddings)
    if weight is None:
        loss = cross_entropy(logits, target)
    else:
        loss = CombinedLoss(weight)(logits, embeddings, torch.ones(4, 3, requires_grad=True), target)["loss"]
    loss.backward()
    return [p.grad for p in (*net.parameters(), *head.parameters())]


def test_lambda_0_leaves_the_network_the_gradient_of_cross_entropy_bit_for_bit():
    assert all(torch.equal(a, b) for a, b in zip(gradients(0.0), gradients(None), strict=True))
    assert not torch.equal(gradients(0.05)[0], gradients(None)[0])


def test_lambda_0_leaves_the_value_of_cross_entropy():
    logits, embeddings, centroids, target = batch()
    terms = CombinedLoss(0)(logits, 1e4 * embeddings, centroids, target)
    assert terms["loss"].item() == terms["loss_ce"].item() == cross_entropy(logits, target).item()
    assert terms["loss_var"].item() > 1e7


def test_lambda_0_still_trains_the_centroids():
    logits, embeddings, centroids, target = batch()
    for x in (embeddings, centroids):
        x.requires_grad_()
    CombinedLoss(0)(logits, embeddings, centroids, target)["loss"].backward()
    (expected,) = torch.autograd.grad(intra_class_variance(embeddings, centroids, target), centroids)
    assert embeddings.grad is None
    assert torch.equal(centroids.grad, expected)
    assert expected[0].abs().sum() > 0


def test_bfloat16_autocast_gives_float32():
    logits, embeddings, centroids, target = batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        terms = CombinedLoss(0.5)(logits.bfloat16(), embeddings.bfloat16(), centroids, target)
    assert {value.dtype for value in terms.values()} == {torch.float32}
    expected = CombinedLoss(0.5)(logits.bfloat16().float(), embeddings.bfloat16().float(), centroids, target)
    assert terms["loss"].item() == expected["loss"].item()


def test_huge_scores_are_finite():
    logits, embeddings, centroids, target = batch()
    assert CombinedLoss(1.0)(1e30 * logits, embeddings, centroids, target)["loss"].isfinite()


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_bad_weight(weight):
    with pytest.raises(ValueError, match=rf"weight \(λ\) must be finite and not negative, got {weight}"):
        CombinedLoss(weight)


def test_printed_form_shows_lambda():
    assert CombinedLoss(0.5).extra_repr() == "weight=0.5"
    assert "CombinedLoss(\n  weight=0.5\n" in repr(CombinedLoss(0.5))  # the cross-entropy stands below it
