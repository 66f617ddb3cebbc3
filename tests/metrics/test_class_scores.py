"""Precision, recall and F1 of each class."""

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
)

from icv_lightning.metrics.class_scores import class_scores


def test_scores_of_classes_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    target, preds = generator.integers(0, 5, 200), generator.integers(0, 5, 200)
    found = class_scores(torch.from_numpy(confusion_matrix(target, preds)))
    expected = precision_recall_fscore_support(target, preds)
    for key, values in zip(("precision", "recall", "f1", "count"), expected, strict=True):
        np.testing.assert_allclose(found[key], values, rtol=1e-12)
    assert found["recall"].mean() == pytest.approx(balanced_accuracy_score(target, preds))


def test_a_class_without_samples_or_predictions_has_no_score():
    found = class_scores(torch.tensor([[2, 1, 0], [0, 0, 0], [0, 0, 0]]))
    assert found["precision"].tolist()[:2] == [1.0, 0.0]
    assert found["recall"].isnan().tolist() == [False, True, True]
    assert found["f1"].isnan().tolist() == [False, False, True]
