"""What holds for every metric: what it declares, and that calling it counts a batch as `update` does."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torchmetrics import Metric

from icv_lightning.metrics import (
    Agreement,
    ClassVariance,
    ConfusionMatrix,
    HighestScoreAccuracy,
    NearestCentroidAccuracy,
    Retrieval,
    TermMeans,
    WithinClassCovariance,
)

Z, Y = (
    torch.tensor([[0.0, 1.0], [2.0, 2.0], [4.0, 7.0], [5.0, 1.0], [3.0, 2.0]]),
    torch.tensor([0, 1, 0, 1, 1]),
)
C = torch.tensor([[1.0, 3.0], [3.0, 2.0]])
METRICS: dict[
    type[Metric], tuple[Callable[[], Metric], Callable[[torch.Tensor, torch.Tensor], tuple[Any, ...]]]
] = {
    HighestScoreAccuracy: (HighestScoreAccuracy, lambda z, y: (z, y)),
    NearestCentroidAccuracy: (NearestCentroidAccuracy, lambda z, y: (z, C, y)),
    Agreement: (Agreement, lambda z, y: (z, z, C)),
    ClassVariance: (lambda: ClassVariance(2, 2), lambda z, y: (z, y)),
    ConfusionMatrix: (lambda: ConfusionMatrix(2), lambda z, y: (z, y)),
    WithinClassCovariance: (lambda: WithinClassCovariance(2, 2), lambda z, y: (z, y)),
    Retrieval: (Retrieval, lambda z, y: (z, y)),
    TermMeans: (lambda: TermMeans(["loss"]), lambda z, y: ({"loss": z.mean()}, len(y))),
}
every_metric = pytest.mark.parametrize("kind", METRICS)


def leaves(found: Any) -> list[torch.Tensor]:
    return list(found.values()) if isinstance(found, dict) else [found]


@every_metric
def test_a_call_counts_a_batch_gives_its_value_and_keeps_no_gradient(kind: type[Metric]) -> None:
    make, arguments = METRICS[kind]
    called, updated, alone = make(), make(), make()
    for part in (slice(0, 3), slice(3, 5)):
        value = called(*arguments(Z[part].clone().requires_grad_(), Y[part]))
        updated.update(*arguments(Z[part], Y[part]))
    alone.update(*arguments(Z[3:], Y[3:]))
    for found, expected in ((value, alone.compute()), (called.compute(), updated.compute())):
        for a, b in zip(leaves(found), leaves(expected), strict=True):
            torch.testing.assert_close(a, b, equal_nan=True)
            assert not a.requires_grad


@every_metric
def test_no_metric_is_differentiable_and_higher_fractions_are_better(kind: type[Metric]) -> None:
    assert kind.is_differentiable is False
    fractions = (HighestScoreAccuracy, NearestCentroidAccuracy, Agreement, Retrieval)
    assert kind.higher_is_better is (True if kind in fractions else None)
