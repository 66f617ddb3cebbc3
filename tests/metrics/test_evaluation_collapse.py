"""What Evaluation logs of variability and collapse beside the measures it had before."""

import pytest
import torch

from icv_lightning.metrics import Evaluation
from icv_lightning.variability import within_class_covariance

COLLAPSE = {"within_pc1", "within_pc2", "nc1", "nc2_norms", "nc2_angles"}


def evaluated(num_classes=3, embedding_dim=2):
    torch.manual_seed(0)
    evaluation = Evaluation(num_classes, embedding_dim, ["loss"])
    embeddings, target = torch.randn(30, embedding_dim), torch.arange(30) % 3
    embeddings = embeddings + torch.eye(3, embedding_dim)[target]
    logits = torch.nn.functional.pad(embeddings[:, :2], (0, num_classes - 2))
    means = torch.randn(num_classes, embedding_dim)
    for part in (slice(0, 13), slice(13, 30)):
        evaluation.update(
            (embeddings[part], logits[part]), target[part], {"loss": torch.tensor(1.0)}, means, means
        )
    return evaluation, embeddings, target


def test_ratio_components_and_collapse():
    evaluation, embeddings, target = evaluated()
    found = evaluation.compute(weight=torch.randn(3, 2))
    assert set(found) >= COLLAPSE | {"nc3", "nc4"}
    assert found["var_ratio"] == found["var_within"] / found["var_between"]
    values = torch.linalg.eigvalsh(within_class_covariance(embeddings, target)).flip(0)
    shares = torch.stack([found["within_pc1"], found["within_pc2"]])
    torch.testing.assert_close(shares, values / found["var_within"])
    assert "nc3" not in evaluation.compute()
    assert "within_pc3" not in evaluated(embedding_dim=3)[0].compute()


@pytest.mark.parametrize(("num_classes", "embedding_dim"), [(3, 65), (1001, 2)])
def test_large_shapes_leave_matrices_out(num_classes, embedding_dim):
    found = evaluated(num_classes, embedding_dim)[0].compute(torch.zeros(num_classes, embedding_dim))
    assert not set(found) & (COLLAPSE | {"nc3"})
    assert set(found) >= {"var_within", "var_ratio", "nc4"}


def test_one_dimension_has_one_component_and_reset_forgets():
    evaluation = Evaluation(2, 1, ["loss"])
    embeddings, target = torch.tensor([[0.0], [1.0], [4.0], [6.0]]), torch.tensor([0, 0, 1, 1])
    for _ in range(2):
        evaluation.reset()
        evaluation.update(
            (embeddings, torch.eye(2)[target]), target, {"loss": torch.tensor(0.0)}, torch.zeros(2, 1),
            torch.tensor([[0.5], [0.9]]),
        )  # fmt: skip
    found = evaluation.compute()
    assert found["within_pc1"] == 1
    assert "within_pc2" not in found
    assert found["nc4"] == 0.75  # the embedding 1.0 is nearest the second mean
