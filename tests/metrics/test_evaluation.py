"""All that is measured on a part, in one object."""

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
)

from icv_lightning.losses import CombinedLoss
from icv_lightning.metrics import Evaluation
from icv_lightning.metrics.evaluation import CONFUSION_LIMIT, COVARIANCE_LIMIT

NAMES = {
    "loss", "loss_ce", "loss_var", "acc", "acc_nearest_centroid", "acc_nearest_class_mean", "var_within",
    "acc_macro", "f1_macro", "var_between", "var_ratio", "within_pc1", "within_pc2", "nc1", "nc2_norms",
    "nc2_angles", "nc4",
}  # fmt: skip


def sample() -> tuple[torch.Tensor, ...]:
    """Embeddings, logits, target, centroids, class means; of 4 classes the third is absent."""
    generator = torch.Generator().manual_seed(0)
    target = torch.tensor([0, 1, 3])[torch.randint(3, (50,), generator=generator)]
    embeddings = torch.randn(50, 2, generator=generator) + target[:, None]
    means = torch.full((4, 2), torch.nan)
    for k in target.unique():
        means[k] = embeddings[target == k].mean(0)
    logits = torch.randn(50, 4, generator=generator)
    return embeddings, logits, target, torch.randn(4, 2, generator=generator), means


def evaluated(batch: int, with_means: bool = True) -> Evaluation:
    embeddings, logits, target, centroids, means = sample()
    criterion = CombinedLoss(0.5)
    evaluation = Evaluation(4, 2, criterion.terms)
    for z, s, y in zip(embeddings.split(batch), logits.split(batch), target.split(batch), strict=True):
        evaluation.update((z, s), y, criterion(s, z, centroids, y), centroids, means if with_means else None)
    return evaluation


@pytest.mark.parametrize("batch", [50, 16, 1])
def test_equals_what_is_computed_at_once(batch):
    embeddings, logits, target, centroids, means = sample()
    values = {key: value.item() for key, value in evaluated(batch).compute().items()}
    assert set(values) == NAMES == set(evaluated(batch).names)
    for key, value in CombinedLoss(0.5)(logits, embeddings, centroids, target).items():
        assert values[key] == pytest.approx(value.item(), rel=1e-5)
    assert values["acc"] == accuracy_score(target.numpy(), logits.argmax(1).numpy())
    preds = logits.argmax(1).numpy()
    assert values["acc_macro"] == pytest.approx(np.diag(confusion_matrix(target, preds))[[0, 1, 3]].dot(
        1 / np.bincount(target)[[0, 1, 3]]) / 3, abs=1e-12)  # fmt: skip
    assert values["f1_macro"] == pytest.approx(f1_score(target, preds, average="macro"), abs=1e-12)
    for key, places in {"acc_nearest_centroid": centroids, "acc_nearest_class_mean": means}.items():
        distances = np.nan_to_num(np.linalg.norm(embeddings[:, None] - places, axis=2), nan=np.inf)
        assert values[key] == accuracy_score(target.numpy(), distances.argmin(1))
    own = means[target] - embeddings
    assert values["var_within"] == pytest.approx(own.square().sum(1).mean().item(), rel=1e-5)
    assert values["var_between"] == pytest.approx(means[target].var(0, correction=0).sum().item(), rel=1e-5)


def test_class_means_of_what_was_seen():
    evaluation = evaluated(16, with_means=False)
    torch.testing.assert_close(evaluation.class_means(), sample()[-1], equal_nan=True)
    assert evaluation.class_means().dtype == torch.float32


def test_without_class_means_that_accuracy_is_left_alone():
    evaluation = evaluated(16, with_means=False)
    with pytest.warns(UserWarning, match="NearestCentroidAccuracy was called before"):
        assert evaluation.compute()["acc_nearest_class_mean"].isnan()


def test_confusion_counts_rows_of_truth():
    _, logits, target, _, _ = sample()
    expected = confusion_matrix(target, logits.argmax(1), labels=range(4))
    np.testing.assert_array_equal(evaluated(16).confusion.compute(), expected)


def test_reset_forgets_everything():
    evaluation = evaluated(16)
    evaluation.reset()
    assert all(metric.update_count == 0 for metric in evaluation.children())


def test_matrices_up_to_the_limits():
    assert Evaluation(CONFUSION_LIMIT, 2, ["loss"]).has_confusion
    assert Evaluation(3, COVARIANCE_LIMIT, ["loss"]).covariance is not None


def test_no_confusion_matrix_of_very_many_classes():
    classes = CONFUSION_LIMIT + 1
    evaluation = Evaluation(classes, 2, ["loss"])
    logits, target = torch.eye(classes)[-3:], torch.arange(classes)[-3:]
    evaluation.update(
        (torch.zeros(3, 2), logits), target, {"loss": torch.tensor(1.0)}, torch.zeros(classes, 2)
    )
    assert not evaluation.has_confusion
    assert evaluation.acc.compute() == 1
    assert evaluation.confusion.update_count == 0


def test_by_class_gives_primitives():
    target = torch.tensor([0, 0, 1])
    logits = torch.tensor([[1.0, 0], [0, 1], [0, 1]])
    embeddings, criterion = torch.zeros(3, 2), CombinedLoss(0.5)
    evaluation = Evaluation(2, 2, criterion.terms)
    terms = criterion(logits, embeddings, torch.zeros(2, 2), target)
    evaluation.update((embeddings, logits), target, terms, torch.zeros(2, 2))
    found = evaluation.by_class()
    assert (found["confusion"], found["per_class"]) == ([[1, 1], [0, 1]], [0.5, 1.0])
    assert (found["classes"]["precision"], found["classes"]["count"]) == ([1.0, 0.5], [2, 1])


def test_by_class_is_empty_beyond_the_limit():
    found = Evaluation(CONFUSION_LIMIT + 1, 2, CombinedLoss(0.5).terms).by_class()
    assert found == {"per_class": None, "classes": {}, "confusion": None}
