"""What an evaluation keeps of every image, for all who ask."""

import torch

from icv_lightning.metrics import EvaluatedBatches


def test_batches_of_both_parts_are_joined_and_carry_no_gradient():
    batches = EvaluatedBatches()
    for part, value in ((0, 1.0), (1, 2.0), (0, 3.0)):
        batches.add(part, {"embeddings": torch.full((2, 1), value, requires_grad=True)})
    found = batches.rows()
    assert found["train_embeddings"].flatten().tolist() == [1, 1, 3, 3]
    assert found["watched_embeddings"].flatten().tolist() == [2, 2]
    assert not any(value.requires_grad for value in found.values())
    batches.reset()
    assert batches.rows() == {}
