import math

import numpy as np
import pytest
import torch

from icv_lightning.evaluation.neural_collapse import neural_collapse
from icv_lightning.variability import between_class_covariance, class_means, within_class_covariance


def simplex(classes):
    """K unit vectors in K dimensions, as far from each other as can be."""
    return math.sqrt(classes / (classes - 1)) * (torch.eye(classes) - 1 / classes).double()


def test_end_state_is_zero_whatever_scale_and_place():
    frame = simplex(4)
    target = torch.arange(4).repeat(3)
    embeddings = 5 * frame[target] + 7
    found = neural_collapse(
        class_means(embeddings, target), within_class_covariance(embeddings, target),
        between_class_covariance(embeddings, target), weight=0.1 * frame,
    )  # fmt: skip
    assert set(found) == {"nc1", "nc2_norms", "nc2_angles", "nc3"}
    assert all(value.abs() < 1e-12 for value in found.values()), found


def test_worked_example():
    means = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    found = neural_collapse(means, 0.2 * torch.eye(2), torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.eye(2))
    assert found["nc1"].item() == pytest.approx(0.1)  # the pseudo-inverse sees the first axis alone
    assert found["nc2_norms"] == 0
    assert found["nc2_angles"].item() == pytest.approx(0, abs=1e-12)
    # W/‖W‖ = I/√2 against rows (1, 0)/√2, (−1, 0)/√2
    assert found["nc3"].item() == pytest.approx(0.5 + 0.5)


def test_against_loops_by_definition():
    rng = np.random.default_rng(1)
    means, weight = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    within, between = np.cov(rng.normal(size=(3, 20))), np.cov(rng.normal(size=(3, 20)))
    found = neural_collapse(*(torch.from_numpy(a) for a in (means, within, between, weight)))
    centred = means - means.mean(0)
    lengths = [math.dist(m, means.mean(0)) for m in means]
    cosines = [
        float(a @ b) / (lengths[i] * lengths[j])
        for i, a in enumerate(centred)
        for j, b in enumerate(centred)
        if i < j
    ]
    assert found["nc1"].item() == pytest.approx(np.trace(within @ np.linalg.inv(between)) / 5)
    assert found["nc2_norms"].item() == pytest.approx(np.std(lengths) / np.mean(lengths))
    assert found["nc2_angles"].item() == pytest.approx(np.mean([abs(c + 0.25) for c in cosines]))
    gap = weight / np.sqrt((weight**2).sum()) - centred / np.sqrt((centred**2).sum())
    assert found["nc3"].item() == pytest.approx((gap**2).sum())


def test_classes_never_seen_are_left_out():
    rng = np.random.default_rng(2)
    means = torch.from_numpy(rng.normal(size=(4, 2)))
    weight = torch.from_numpy(rng.normal(size=(4, 2)))
    covariances = (torch.eye(2), torch.eye(2))
    expected = neural_collapse(means[[0, 1, 3]], *covariances, weight[[0, 1, 3]])
    for gap in ([torch.nan, torch.nan], [torch.nan, 1.0], [0.0, torch.inf]):
        means[2] = torch.tensor(gap)
        assert neural_collapse(means, *covariances, weight) == expected
    assert "nc3" not in neural_collapse(means, *covariances)


def test_directions_without_class_means_do_not_count():
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(6, 6)))[0][:, :2]  # three means span two of six dimensions
    target = torch.arange(3).repeat(40)
    plane = rng.normal(size=(3, 2))[target.numpy()] * 100
    noise = rng.normal(size=(120, 6))
    embeddings = torch.from_numpy(plane @ basis.T + noise)
    means = class_means(embeddings, target)
    within, between = (
        within_class_covariance(embeddings, target),
        between_class_covariance(embeddings, target),
    )
    vectors = np.linalg.eigh(between.numpy())[1][:, -2:]
    inside = [torch.from_numpy(vectors.T @ c.numpy() @ vectors).numpy() for c in (within, between)]
    expected = np.trace(inside[0] @ np.linalg.inv(inside[1])) / 3
    assert neural_collapse(means, within, between)["nc1"].item() == pytest.approx(expected)


def test_float32_is_computed_in_float64_and_keeps_no_gradient():
    means, weight = torch.tensor([[1.0, 0.1], [-1.0, 0.3], [0.2, 0.7]]), torch.rand(3, 2, requires_grad=True)
    covariances = torch.eye(2), torch.eye(2)
    found = neural_collapse(means, *covariances, weight)
    assert found == neural_collapse(means.double(), *(c.double() for c in covariances), weight.double())
    assert {value.dtype for value in found.values()} == {torch.float64}
    assert not found["nc3"].requires_grad


def test_not_finite_and_one_class_give_nan():
    nan, eye = torch.full((2, 2), torch.nan), torch.eye(2)
    one, partly = (
        torch.tensor([[1.0, 2.0], [torch.nan, torch.nan]]),
        torch.tensor([[1.0, 0.0], [0.0, torch.inf]]),
    )
    for arguments in ((eye, nan, nan), (eye, eye, partly), (nan, nan, nan), (one, eye, eye)):
        found, with_scores = neural_collapse(*arguments), neural_collapse(*arguments, eye)
        assert all(value.isnan() and value.dtype == torch.float64 for value in with_scores.values())
        assert set(found) == {"nc1", "nc2_norms", "nc2_angles"} == set(with_scores) ^ {"nc3"}
