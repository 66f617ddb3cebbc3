"""Equation 5, and equation 6 as its property."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icv_lightning.losses import IntraClassVarianceLoss, intra_class_variance

EMBEDDINGS = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]])
CENTROIDS = torch.tensor([[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]])
TARGET = torch.tensor([0, 1, 1])


@st.composite
def batches(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    size, classes, dim = (draw(st.integers(1, most)) for most in (12, 4, 3))
    values = st.floats(-100, 100, width=32)
    embeddings = draw(arrays(np.float64, (size, dim), elements=values))
    centroids = draw(arrays(np.float64, (classes, dim), elements=values))
    target = draw(arrays(np.int64, size, elements=st.integers(0, classes - 1)))
    return torch.from_numpy(embeddings), torch.from_numpy(centroids), torch.from_numpy(target)


def oracle(embeddings, centroids, target) -> float:
    total = 0.0
    for z, k in zip(embeddings.double().numpy(), target.tolist(), strict=True):
        total += np.linalg.norm(z - centroids.double().numpy()[k]) ** 2
    return total / len(target)


def class_means(embeddings, target, num_classes):
    means = torch.zeros(num_classes, embeddings.shape[1], dtype=torch.float64)
    for k in target.unique():
        means[k] = embeddings[target == k].mean(0)
    return means


def test_worked_example():
    # squared distances 1 + 4, 0 + 16 and 9 + 16: summed over coordinates, mean over the batch, no one half
    assert intra_class_variance(EMBEDDINGS, CENTROIDS, TARGET).item() == pytest.approx((5 + 16 + 25) / 3)


def test_gradient_of_the_worked_example():
    embeddings, centroids = EMBEDDINGS.clone().requires_grad_(), CENTROIDS.clone().requires_grad_()
    intra_class_variance(embeddings, centroids, TARGET).backward()
    # 2/B (z_j - C_k) for an embedding; for a centroid minus the sum of its class, 0 where that is absent
    torch.testing.assert_close(embeddings.grad, torch.tensor([[1, 2], [0, -4], [-3, -4]]) * 2 / 3)
    torch.testing.assert_close(centroids.grad, torch.tensor([[-1, -2], [3, 8], [0, 0]]) * 2 / 3)


def test_gradcheck():
    torch.manual_seed(0)
    embeddings = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    centroids = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 2, 2, 3, 0])
    assert torch.autograd.gradcheck(lambda z, c: intra_class_variance(z, c, target), (embeddings, centroids))


@given(batches())
def test_equals_the_loop(batch):
    assert intra_class_variance(*batch).item() == pytest.approx(oracle(*batch), rel=1e-12, abs=1e-12)


@given(batches(), st.floats(-50, 50), st.floats(-8, 8))
def test_never_negative_translation_invariant_and_quadratic_in_scale(batch, shift, scale):
    embeddings, centroids, target = batch
    value = intra_class_variance(*batch).item()
    assert value >= 0
    moved = intra_class_variance(embeddings + shift, centroids + shift, target).item()
    assert moved == pytest.approx(value, rel=1e-9, abs=1e-9)
    scaled = intra_class_variance(embeddings * scale, centroids * scale, target).item()
    assert scaled == pytest.approx(scale**2 * value, rel=1e-12, abs=1e-12)


@given(batches())
def test_class_means_minimise_it_and_the_minimum_is_the_class_variance(batch):
    embeddings, centroids, target = batch
    means = class_means(embeddings, target, len(centroids))
    minimum = intra_class_variance(embeddings, means, target).item()
    variances = sum(
        (target == k).sum().item() * embeddings[target == k].numpy().var(axis=0).sum()
        for k in target.unique()
    )
    assert minimum == pytest.approx(variances / len(target), rel=1e-9, abs=1e-9)
    # any other centroids cost what they are away from the means more (equation 6 in full)
    away = sum((means[k] - centroids[k]).square().sum().item() for k in target.tolist()) / len(target)
    value = intra_class_variance(embeddings, centroids, target).item()
    assert value == pytest.approx(minimum + away, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_float32(dtype):
    embeddings, centroids = torch.full((2, 2), 300.0, dtype=dtype), torch.zeros(1, 2, dtype=dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = intra_class_variance(embeddings, centroids, torch.zeros(2, dtype=torch.long))
    assert value.dtype == torch.float32
    assert value.item() == 2 * embeddings[0, 0].item() ** 2  # beyond what float16 holds, and not rounded


@pytest.mark.parametrize("dtypes", [(torch.bfloat16, torch.bfloat16), (torch.bfloat16, torch.float32)])
def test_half_precision_gets_its_gradient(dtypes):
    inputs = [
        x.clone().to(dtype).requires_grad_() for x, dtype in zip((EMBEDDINGS, CENTROIDS), dtypes, strict=True)
    ]
    intra_class_variance(*inputs, TARGET).backward()
    assert [x.grad.dtype for x in inputs] == list(dtypes)
    torch.testing.assert_close(
        inputs[0].grad.float(), torch.tensor([[1, 2], [0, -4], [-3, -4]]) * 2 / 3, rtol=0.01, atol=0
    )


def test_float64_stays():
    for enabled in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            value = intra_class_variance(EMBEDDINGS.double() + 1e-12, CENTROIDS.double(), TARGET)
        assert value.dtype == torch.float64
        assert value.item() != pytest.approx((5 + 16 + 25) / 3, rel=1e-14)


def test_the_precision_is_that_of_the_embeddings():
    assert intra_class_variance(EMBEDDINGS, CENTROIDS.double(), TARGET).dtype == torch.float32


def test_exact_far_from_the_origin():
    centroids = torch.full((1, 2), 1e6)
    assert intra_class_variance(centroids + 0.5, centroids, torch.tensor([0])).item() == 0.5


def test_huge_values_are_finite():
    value = intra_class_variance(torch.full((2, 2), 1e18), -torch.full((1, 2), 1e18), torch.tensor([0, 0]))
    assert value.item() == pytest.approx(8e36)


def test_one_sample():
    assert intra_class_variance(EMBEDDINGS[:1], CENTROIDS, TARGET[:1]).item() == 5


def test_empty_batch_is_zero_with_zero_gradient():
    centroids = CENTROIDS.clone().requires_grad_()
    value = intra_class_variance(torch.empty(0, 2), centroids, torch.empty(0, dtype=torch.long))
    value.backward()
    assert value.item() == 0
    assert centroids.grad.eq(0).all()


@pytest.mark.parametrize(
    ("embeddings", "centroids", "target", "message"),
    [
        ((3, 2), (4, 5), (3,), r"must share N, got \(3, 2\) and \(4, 5\)"),
        ((3,), (4, 3), (3,), r"must share N, got \(3,\) and \(4, 3\)"),
        ((3, 2), (2,), (3,), r"must share N, got \(3, 2\) and \(2,\)"),
        ((3, 2), (4, 2), (2,), r"target must have shape \(3,\), got \(2,\)"),
        ((3, 2), (4, 2), (3, 1), r"target must have shape \(3,\), got \(3, 1\)"),
    ],
)
def test_shapes_that_do_not_fit(embeddings, centroids, target, message):
    with pytest.raises(ValueError, match=message):
        intra_class_variance(
            torch.zeros(embeddings), torch.zeros(centroids), torch.zeros(target, dtype=torch.long)
        )


@pytest.mark.parametrize("k", [-1, 3])
def test_a_class_without_centroid_is_an_error(k):
    with pytest.raises(ValueError, match="target must hold classes 0 to 2"):
        intra_class_variance(EMBEDDINGS, CENTROIDS, torch.tensor([0, 1, k]))


def test_module_is_the_function_and_holds_nothing():
    criterion = IntraClassVarianceLoss()
    assert torch.equal(
        criterion(EMBEDDINGS, CENTROIDS, TARGET), intra_class_variance(EMBEDDINGS, CENTROIDS, TARGET)
    )
    assert not criterion.state_dict()
