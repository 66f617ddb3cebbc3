"""The fixed part of train, then the watched part: what each is compared with, and whose rows stay."""

import pytest
import torch

from icv_lightning.losses import CombinedLoss
from icv_lightning.metrics import TwoPartEvaluation

CENTROIDS = torch.tensor([[9.0, 0], [0, 9]])  # the nearest of everything below is the first
TARGET = torch.tensor([0, 0, 1, 1])
FIXED = torch.tensor([[1.0, 0], [3, 0], [5, 0], [7, 0]])  # class means at 2 and 6
WATCHED = torch.tensor([[3.5, 0], [4.4, 0], [4.6, 0], [5, 0]])  # the second lies beyond 4


def evaluated(final: bool) -> TwoPartEvaluation:
    criterion = CombinedLoss(0.5)
    evaluation = TwoPartEvaluation(2, 2, criterion.terms)
    for part, embeddings in enumerate((FIXED, WATCHED)):
        for z, y in zip(embeddings.split(3), TARGET.split(3), strict=True):
            outputs = (z.clone().requires_grad_(), z[:, [1, 0]])
            evaluation.update(part, outputs, y, criterion(z, z, CENTROIDS, y), CENTROIDS, final)
    return evaluation


def test_both_parts_are_compared_with_the_class_means_of_the_fixed_one():
    evaluation = evaluated(final=False)
    assert evaluation.class_means.tolist() == [[2, 0], [6, 0]]
    found = evaluation.on_host({"given": torch.tensor(3.0)}, weight=torch.eye(2))
    assert (found["given"].item(), found["weight"].tolist()) == (3, [[1, 0], [0, 1]])
    assert evaluation.fixed.compute()["acc_nearest_class_mean"] == 1
    assert evaluation.watched.compute()["acc_nearest_class_mean"] == 0.75
    assert evaluation.watched.compute()["acc_nearest_centroid"] == 0.5


def test_rows_of_both_parts_stay_after_an_epoch_and_of_the_watched_one_after_the_final_test():
    rows = evaluated(final=False).rows()
    assert torch.equal(rows["train_embeddings"], FIXED)
    assert torch.equal(rows["watched_embeddings"], WATCHED)
    assert rows["watched_preds"].tolist() == [1] * 4
    assert not any(value.requires_grad for value in rows.values())
    final = evaluated(final=True)
    assert set(final.rows()) == {"watched_embeddings", "watched_preds", "watched_target", "class_means"}
    assert final.retrieval.compute()["recall_at_1"] == 0.5  # those at 4.4 and 4.6 find each other


def test_forgets_rows_and_everything():
    evaluation = evaluated(final=False)
    evaluation.forget_rows()
    assert set(evaluation.rows()) == {"class_means"}
    evaluation.reset()
    with pytest.raises(AssertionError, match="evaluated first"):
        evaluation.rows()
