"""Counts of true and predicted classes."""

import torch
from torchmetrics.classification import MulticlassConfusionMatrix

from icv_lightning.metrics import ConfusionMatrix


def test_a_worked_example() -> None:
    metric = ConfusionMatrix(3)
    metric.update(torch.eye(3)[[0, 1, 1, 2]], torch.tensor([0, 1, 2, 2]))
    assert metric.compute().tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_it_counts_as_torchmetrics_does_under_any_batching() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(500, 7, generator=generator)
    target = torch.randint(7, (500,), generator=generator)
    ours, theirs = ConfusionMatrix(7), MulticlassConfusionMatrix(7)
    theirs.update(logits, target)
    for part in torch.arange(500).split(77):
        ours.update(logits[part], target[part])
    assert torch.equal(ours.compute(), theirs.compute())
    ours.reset()
    assert ours.compute().sum() == 0


def test_counts_of_processes_are_summed(computed_together) -> None:
    metrics = [ConfusionMatrix(2) for _ in range(3)]
    for k, metric in enumerate(metrics):
        metric.update(torch.eye(2)[[0, 1]], torch.tensor([0, k % 2]))
    assert computed_together(metrics).tolist() == [[3, 2], [0, 1]]
