import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_curve

from icv_lightning.evaluation.decision_rules import Part
from icv_lightning.evaluation.strangers import (
    held_class_rejection,
    rejection,
    stranger_measures,
)
from icv_lightning.variability import class_means


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000))
def test_against_scikit_learn_and_scipy(known, strangers, seed):
    rng = np.random.default_rng(seed)
    near, far = rng.integers(0, 9, known).astype(float), rng.integers(3, 12, strangers).astype(float)
    found = stranger_measures(near, far)
    u = mannwhitneyu(far, near).statistic
    assert found["auroc"] == pytest.approx(u / (known * strangers))
    is_known = np.repeat([1, 0], [known, strangers])
    fpr, tpr, _ = roc_curve(is_known, -np.concatenate([near, far]), drop_intermediate=False)
    assert found["fpr_at_95"] == pytest.approx(fpr[tpr >= 0.95 - 1e-12].min())


def test_bad_arguments():
    with pytest.raises(ValueError, match="known and strangers must hold distances, got 0 and 3"):
        stranger_measures(np.ones(0), np.ones(3))


def test_held_classes_against_a_plain_loop():
    rng = np.random.default_rng(0)
    target = np.arange(120) % 4
    centres = np.array([[0, 0], [6, 0], [0, 6], [6, 6.0]])
    x = rng.normal(size=(120, 2)) + centres[target]
    parts = [Part(torch.from_numpy(x[i::3]), torch.from_numpy(target[i::3])) for i in range(3)]
    means = class_means(*parts[0])
    found = held_class_rejection(means, *parts[1:], "euclidean", 0.1)
    rows = []
    for held in range(4):
        others = [k for k in range(4) if k != held]
        near = [cdist(p.embeddings.numpy(), means.numpy()[others]).min(1) for p in parts[1:]]
        own = [p.target.numpy() != held for p in parts[1:]]
        rows.append(rejection(near[0][own[0]], near[1][own[1]], near[1][~own[1]], 0.1))
    assert found == pytest.approx({name: np.mean([row[name] for row in rows]) for name in rows[0]})
    assert found["auroc"] > 0.98


def test_more_classes_than_folds_and_one_without_a_mean():
    rng = np.random.default_rng(1)
    target = torch.from_numpy(np.arange(240) % 24)
    part = Part(torch.from_numpy(rng.normal(size=(240, 2))) + 9 * target[:, None], target)
    means = class_means(*part, num_classes=25)
    found = held_class_rejection(means, part, part, "euclidean", 0.05)
    assert set(found) == {"auroc", "fpr_at_95", "threshold", "rejected_known", "rejected_strangers"}
    assert all(np.isfinite(value) for value in found.values())
