"""Values for the host, detached, and metrics that follow them."""

import pytest
import torch
from torch import Tensor

from icv_lightning.metrics import Evaluation, Retrieval, on_host


def test_values_are_copied_without_their_gradient() -> None:
    value = torch.ones(2, requires_grad=True)
    found = on_host({"a": value})
    assert torch.equal(found["a"], value)
    assert not found["a"].requires_grad


def test_no_metric_of_an_epoch_waits_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = ("item", "tolist", "__bool__", "__int__", "__float__", "cpu", "nonzero", "unique", "bincount")
    evaluation, target = Evaluation(5, 2, ["loss"]), torch.arange(40) % 5
    outputs = torch.randn(40, 2), torch.randn(40, 5)
    monkeypatch.setattr(Tensor, "aminmax", lambda target: (0, 0))  # classes are looked at on a CPU alone
    for name in waits:
        monkeypatch.setattr(Tensor, name, lambda *_, name=name: pytest.fail(f"{name} waits"))
    for name in ("bincount", "unique", "nonzero"):
        monkeypatch.setattr(torch, name, lambda *_, name=name, **__: pytest.fail(f"{name} waits"))
    evaluation.update(outputs, target, {"loss": torch.tensor(1.0)}, torch.zeros(5, 2), torch.zeros(5, 2))
    class_means = evaluation.class_means()
    evaluation.compare(outputs, target, class_means)
    Retrieval().update(outputs[0], target)
