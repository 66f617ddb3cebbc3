"""Each rule against scikit-learn's; leave-one-out against fitting M times."""

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from icv_lightning.evaluation.decision_rules import LDA_SHRINKAGE, RULES, Part, rule_preds
from icv_lightning.evaluation.distances import SHRINKAGE


def sample(size=90, dim=3, classes=4, seed=0, spread=1.2):
    """Unequal classes, long in one direction and away from the origin."""
    rng = np.random.default_rng(seed)
    target = rng.choice(classes, size, p=np.arange(1, classes + 1) / (classes * (classes + 1) / 2))
    target[:classes] = np.arange(classes)
    target[classes : 2 * classes] = np.arange(classes)
    shape = np.diag(np.linspace(0.3, 2, dim)) + 0.3
    means = 3 + rng.normal(size=(classes, dim)) * spread
    return rng.normal(size=(size, dim)) @ shape + means[target], target


def cosine_means(x, y):
    means = np.array([x[y == k].mean(0) for k in np.unique(y)])

    def predict(z):
        cosines = z @ means.T / np.linalg.norm(z, axis=1)[:, None] / np.linalg.norm(means, axis=1)
        return cosines.argmax(1)

    return predict


def shared_covariance(x, y):
    classes, counts = np.unique(y, return_counts=True)
    means = np.array([x[y == k].mean(0) for k in classes])
    within = sum(n / len(y) * np.cov(x[y == k].T, bias=True) for k, n in zip(classes, counts, strict=True))
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    inverse = np.linalg.inv(within)

    def predict(z):
        return np.array([[(a - m) @ inverse @ (a - m) for m in means] for a in z]).argmin(1)

    return predict


ORACLES = {
    "euclidean": lambda x, y: NearestCentroid().fit(x, y).predict,
    "cosine": cosine_means,
    "mahalanobis": shared_covariance,
    "knn": lambda x, y: KNeighborsClassifier(min(10, len(y))).fit(x, y).predict,
    "lda": lambda x, y: LinearDiscriminantAnalysis("lsqr", shrinkage=LDA_SHRINKAGE).fit(x, y).predict,
}


def part(x, y):
    return Part(torch.from_numpy(x), torch.from_numpy(y))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dim", "seed"), [(2, 0), (3, 1), (20, 2)])
def test_fitted_on_others(rule, dim, seed):
    x, y = sample(dim=dim, seed=seed)
    z, _ = sample(200, dim=dim, seed=seed + 10)
    found = rule_preds(rule, part(x, y), torch.from_numpy(z))
    assert found.tolist() == ORACLES[rule](x, y)(z).tolist()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dim", "seed"), [(2, 0), (3, 1), (20, 2)])
def test_leave_one_out_is_fitting_once_for_each(rule, dim, seed):
    x, y = sample(dim=dim, seed=seed)
    expected = [
        int(ORACLES[rule](np.delete(x, i, 0), np.delete(y, i))(x[i : i + 1])[0]) for i in range(len(y))
    ]
    assert rule_preds(rule, part(x, y)).tolist() == expected


@pytest.mark.parametrize("rule", RULES)
def test_blocks_change_nothing(rule, monkeypatch):
    x, y = sample(seed=3)
    whole = [rule_preds(rule, part(x, y)), rule_preds(rule, part(x, y), torch.from_numpy(x))]
    for module in ("decision_rules", "leave_one_out"):
        monkeypatch.setattr(f"icv_lightning.evaluation.{module}.BLOCK", 28)
    again = [rule_preds(rule, part(x, y)), rule_preds(rule, part(x, y), torch.from_numpy(x))]
    assert [found.tolist() for found in again] == [found.tolist() for found in whole]


@pytest.mark.parametrize("rule", RULES)
def test_a_class_of_one_picture_can_only_be_missed(rule):
    x, y = sample(seed=4)
    x, y = np.vstack([x, [[50.0, 0, 0]]]), np.append(y, 4)
    found = rule_preds(rule, part(x, y))
    assert found[-1] != 4
    assert found[:-1].tolist() != [4] * len(y[:-1])


def test_numbers_without_pictures_are_never_named():
    x, y = sample(classes=3)
    for rule in RULES:
        found = [rule_preds(rule, part(x, 2 * y)), rule_preds(rule, part(x, 2 * y), torch.from_numpy(x))]
        assert {k for preds in found for k in preds.tolist()} <= {0, 2, 4}


def test_another_rule():
    with pytest.raises(ValueError, match=r"rule must be one of euclidean, .*lda, got 'svm'"):
        rule_preds("svm", part(*sample()))
