"""Measures on scores: by hand, and against scikit-learn and torchmetrics."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances, roc_auc_score
from torchmetrics.functional.classification import binary_sensitivity_at_specificity

from icv_lightning.evaluation.verification import (
    area,
    best_threshold,
    equal_error_rate,
    fold_accuracies,
    pair_scores,
    roc,
    tar_at_far,
    verification_measures,
)

# Genuine 0.9, 0.8, 0.4 and impostors 0.7, 0.3, 0.2, 0.1: one impostor above one genuine pair.
SCORES = np.array([0.9, 0.8, 0.4, 0.7, 0.3, 0.2, 0.1])
GENUINE = np.array([True, True, True, False, False, False, False])


def drawn(seed: int, size: int, coarse: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    genuine = rng.random(size) < 0.4
    genuine[:2] = True, False
    scores = rng.normal(size=size) + genuine
    return (scores.round() if coarse else scores), genuine


cases = given(st.integers(0, 10**6), st.integers(2, 60), st.booleans())


def test_worked_example():
    curve = roc(SCORES, GENUINE)
    assert area(curve) == pytest.approx(11 / 12)  # 11 of 12 genuine-impostor pairs in the right order
    assert tar_at_far(curve, 0.0) == pytest.approx(2 / 3)
    assert tar_at_far(curve, 0.24) == pytest.approx(2 / 3)
    assert tar_at_far(curve, 0.25) == 1.0
    # Between the points (0, 2/3) and (1/4, 2/3) FAR reaches the miss rate of 1/3 no sooner than at 1/4,
    # then TAR rises to 1 at FAR 1/4: they are equal on that upright line.
    assert equal_error_rate(curve) == pytest.approx(1 / 4)


@cases
def test_area_is_scikit_learn_s(seed, size, coarse):
    scores, genuine = drawn(seed, size, coarse)
    assert area(roc(scores, genuine)) == pytest.approx(roc_auc_score(genuine, scores))


@given(st.integers(0, 10**6), st.integers(2, 60), st.booleans(), st.sampled_from([0.0, 0.01, 0.1, 0.3, 1.0]))
def test_tar_at_far_is_sensitivity_at_specificity(seed, size, coarse, far):
    scores, genuine = drawn(seed, size, coarse)
    unit = torch.from_numpy(
        (scores - scores.min()) / (np.ptp(scores) + 1)
    )  # torchmetrics takes probabilities
    expected, _ = binary_sensitivity_at_specificity(unit, torch.from_numpy(genuine).int(), 1 - far - 1e-9)
    assert tar_at_far(roc(scores, genuine), far) == pytest.approx(expected.item(), abs=1e-6)


@cases
def test_equal_error_rate_lies_on_the_curve(seed, size, coarse):
    scores, genuine = drawn(seed, size, coarse)
    curve = roc(scores, genuine)
    rate = equal_error_rate(curve)
    assert 0 <= rate <= 1
    # By bisection along the curve instead of a formula: walk from corner to corner by arc length.
    far, tar = np.asarray(curve.far), np.asarray(curve.tar)
    walked = np.linspace(0, len(far) - 1, 200_001)
    x, y = np.interp(walked, range(len(far)), far), np.interp(walked, range(len(far)), tar)
    assert rate == pytest.approx(x[np.argmin(np.abs(x - (1 - y)))], abs=2e-3)


@cases
def test_the_threshold_is_as_good_as_any(seed, size, coarse):
    scores, genuine = drawn(seed, size, coarse)
    found = np.mean((scores >= best_threshold(scores, genuine)) == genuine)
    tried = [*scores, scores.max() + 1]
    assert found == max(np.mean((scores >= t) == genuine) for t in tried)


def test_the_threshold_by_hand():
    # 4 of 5 are right at any threshold in (0.3, 0.8]; candidates 0.5 and 0.75, the upper middle one.
    scores, genuine = np.array([0.1, 0.3, 0.7, 0.8, 0.2]), np.array([False, False, False, True, True])
    assert best_threshold(scores, genuine) == pytest.approx(0.75)
    assert best_threshold(np.array([0.2, 0.6]), np.array([False, True])) == pytest.approx(0.4)


def test_a_fold_is_judged_by_the_threshold_of_the_others():
    # Fold 0 separates at 0.5, fold 1 at 5: each fails the other's impostor or genuine pair.
    scores = np.array([1.0, 0.0, 10.0, 2.0])
    genuine = np.array([True, False, True, False])
    fold = np.array([0, 0, 1, 1])
    # threshold of fold 1 is 6: fold 0's genuine pair is refused; of fold 0 0.5: fold 1's impostor accepted.
    assert fold_accuracies(scores, genuine, fold).tolist() == [0.5, 0.5]
    assert fold_accuracies(scores, genuine, np.array([0, 0, 0, 1])).tolist()[1] == 0.0
    found = verification_measures(scores, genuine, fold)
    assert (found["accuracy"], found["accuracy_se"]) == (0.5, 0.0)


def test_a_far_needs_an_impostor_to_let_through():
    rng = np.random.default_rng(0)
    genuine = np.arange(1100) < 100
    found = verification_measures(rng.normal(size=1100) + genuine, genuine)
    assert {key for key in found if key.startswith("tar")} == {
        "tar_at_far_0.1", "tar_at_far_0.01", "tar_at_far_0.001",
    }  # fmt: skip
    assert "accuracy" not in found


def test_perfect_reversed_and_equal_scores():
    genuine = np.array([True, True, False, False])
    perfect = verification_measures(np.array([40.0, 30, 2, 1]), genuine, np.array([0, 1, 0, 1]))
    assert (perfect["auc"], perfect["eer"], perfect["accuracy"]) == (1.0, 0.0, 1.0)
    reversed_ = verification_measures(np.array([1.0, 2, 3, 4]), genuine)
    assert (reversed_["auc"], reversed_["eer"]) == (0.0, 1.0)
    equal = verification_measures(np.ones(4), genuine)
    assert (equal["auc"], equal["eer"]) == (0.5, 0.5)


def test_scores_against_scikit_learn():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 30, 5))
    for distance, expected in {
        "euclidean": -pairwise_distances(a, b).diagonal(),
        "cosine": 1 - pairwise_distances(a, b, metric="cosine").diagonal(),
    }.items():
        found = pair_scores(torch.from_numpy(a), torch.from_numpy(b), distance)
        np.testing.assert_allclose(found, expected)


def test_on_unit_embeddings_both_distances_order_pairs_alike():
    rng = np.random.default_rng(2)
    a, b = (torch.nn.functional.normalize(torch.from_numpy(rng.normal(size=(50, 4)))) for _ in range(2))
    euclidean, cosine = pair_scores(a, b, "euclidean"), pair_scores(a, b, "cosine")
    np.testing.assert_allclose(euclidean**2, 2 - 2 * cosine)


@pytest.mark.parametrize(
    ("scores", "genuine", "message"),
    [
        (np.ones(3), np.array([True, False]), r"one a pair, got \(3,\) for \(2,\)"),
        (np.array([1.0, np.nan]), np.array([True, False]), "scores must be finite"),
        (np.ones(2), np.array([True, True]), "both kinds of pairs, got 2 of 2"),
        (np.ones(2), np.array([False, False]), "both kinds of pairs, got 0 of 2"),
    ],
)
def test_refused(scores, genuine, message):
    with pytest.raises(ValueError, match=message):
        roc(scores, genuine)


def test_refused_folds_and_distance():
    with pytest.raises(ValueError, match="at least 2 folds, got 1"):
        fold_accuracies(SCORES, GENUINE, np.zeros(7, dtype=int))
    with pytest.raises(ValueError, match="distance must be one of euclidean, cosine, got 'angle'"):
        pair_scores(torch.ones(1, 2), torch.ones(1, 2), "angle")
