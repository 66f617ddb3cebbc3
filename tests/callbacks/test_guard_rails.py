"""Each warning provoked alone, in a fit of a linear network on separable pictures of 4 x 4 pixels."""

import logging
from collections.abc import Callable
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor, nn

from icv_lightning.callbacks import GuardRails
from icv_lightning.callbacks.guard_rails import WARNINGS, _lag
from icv_lightning.centroids import BatchMeanCentroids, CentroidRule, LearnedCentroids
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.parts import Part
from icv_lightning.losses import CombinedLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import LinearScores, Standardize


class Blobs(ImageDataModule):
    """Three classes, each lit in a part of its own; a fourth may be announced without any picture."""

    def __init__(self, num_classes: int = 3) -> None:
        super().__init__("blobs", num_classes, channels=1, image_size=4, batch_size=20, monitor_size=60)

    def load(self) -> tuple[Part, Part]:
        generator = torch.Generator().manual_seed(0)
        target = torch.arange(120) % 3
        images = torch.randint(0, 60, (120, 1, 4, 4), generator=generator)
        for k in range(3):
            images[target == k, :, k] += 180
        return (images.byte(), target), (images[:30].byte(), target[:30])


def fit(
    caplog: pytest.LogCaptureFixture,
    epochs: int = 1,
    num_classes: int = 3,
    rule: CentroidRule | None = None,
    weight: float = 0.05,
    lr: float = 0.01,
    centroid_lr: float = 0.1,
    scale: float = 1.0,
    optimizer: Callable[..., torch.optim.Optimizer] | None = None,
) -> list[str]:
    """Train; return the kinds of the warnings that were logged, in order."""
    torch.manual_seed(0)
    linear = nn.Linear(16, 2)
    with torch.no_grad():
        linear.weight.mul_(scale), linear.bias.mul_(scale)
    module = ClassifierModule(
        net=nn.Sequential(Standardize(1), nn.Flatten(), linear),
        head=LinearScores(2, num_classes),
        centroids=rule or LearnedCentroids(num_classes, 2, init="class_means"),
        loss=CombinedLoss(weight),
        optimizer=optimizer or (lambda groups: torch.optim.Adam(groups, lr=lr)),
        num_classes=num_classes,
        embedding_dim=2,
        centroid_lr=centroid_lr,
    )
    trainer = L.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, callbacks=[GuardRails()], num_sanity_val_steps=0,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING, logger="icv_lightning"):
        trainer.fit(module, datamodule=Blobs(num_classes))
    starts = {text.split("{")[0]: kind for kind, text in WARNINGS.items()}
    starts["embeddings have grown"] = starts["centroids have grown"] = "long"
    del starts[""]
    said = [r.message.split(": ", 1)[1] for r in caplog.records if r.name.startswith("icv_lightning")]
    return [next(kind for start, kind in starts.items() if text.startswith(start)) for text in said]


def test_a_healthy_run_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    assert fit(caplog, epochs=6) == []


def test_centroids_that_the_optimizer_does_not_have(caplog: pytest.LogCaptureFixture) -> None:
    def forgetful(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.Adam(groups[:1], lr=0.01)

    rule = LearnedCentroids(3, 2, init="normal")
    assert fit(caplog, epochs=2, rule=rule, optimizer=forgetful) == ["orphan"]  # said once
    assert "optimizer does not have" in caplog.text


def test_centroids_that_need_no_gradient(caplog: pytest.LogCaptureFixture) -> None:
    rule = LearnedCentroids(3, 2)
    rule.weight.requires_grad_(False)
    assert fit(caplog, rule=rule) == ["orphan"]


class Forgotten(BatchMeanCentroids):
    """A rule whose update moves class 0 alone."""

    def update(self, embeddings: Tensor, target: Tensor) -> None:
        super().update(embeddings[target == 0], target[target == 0])


def test_centroids_that_do_not_move(caplog: pytest.LogCaptureFixture) -> None:
    assert fit(caplog, rule=Forgotten(3, 2)) == ["still"]
    assert "centroids of classes 1, 2 did not move" in caplog.text


def test_a_class_never_seen(caplog: pytest.LogCaptureFixture) -> None:
    assert fit(caplog, epochs=2, num_classes=4) == ["unseen"]
    assert "no image of classes 3:" in caplog.text


def test_collapse(caplog: pytest.LogCaptureFixture) -> None:
    def descent(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.SGD(groups, lr=5e-4)

    rule = LearnedCentroids(3, 2)
    kinds = fit(caplog, 6, rule=rule, weight=100.0, scale=0.3, centroid_lr=5e-4, optimizer=descent)
    assert "collapse" in kinds
    assert "stays near ln K = 1.099" in caplog.text


def test_a_dominating_lambda_term(caplog: pytest.LogCaptureFixture) -> None:
    rule = LearnedCentroids(3, 2, init="normal", std=30.0)
    assert fit(caplog, rule=rule, weight=1.0) == ["dominant"]
    assert "of the loss while cross-entropy is still" in caplog.text


@pytest.mark.parametrize(
    ("scale", "rule"), [(1e4, LearnedCentroids(3, 2)), (1.0, LearnedCentroids(3, 2, "normal", 1e4))]
)
def test_lengths_beyond_reason(caplog: pytest.LogCaptureFixture, scale: float, rule: CentroidRule) -> None:
    assert fit(caplog, scale=scale, rule=rule, weight=0.0) == ["long"]
    assert f"{'embeddings' if scale > 1 else 'centroids'} have grown to a length of" in caplog.text


def test_centroids_far_behind_their_class_means(caplog: pytest.LogCaptureFixture) -> None:
    slow = LearnedCentroids(3, 2, init="normal", std=30.0)
    assert fit(caplog, epochs=4, rule=slow, weight=0.0) == []  # too early to say
    assert fit(caplog, epochs=5, rule=slow, weight=0.0) == ["lag"]
    assert "epoch 5: the typical centroid is" in caplog.text


def test_lag_is_the_median_distance_over_the_spacing() -> None:
    means = torch.tensor([[0.0, 0.0], [4.0, 0.0], [4.0, 10.0]])
    centroids = means + torch.tensor([[2.0, 0.0], [0.0, 8.0], [0.0, 10.0]])
    assert _lag(centroids, means) == pytest.approx(1.0)  # of 0.5, 2.0 and 1.0


def test_a_step_does_not_wait_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    rails, seen = GuardRails(), torch.zeros(3, dtype=torch.int64)
    rails._seen = seen
    for reading in ("item", "tolist", "__bool__", "__int__", "__float__", "cpu", "nonzero"):
        monkeypatch.setattr(Tensor, reading, lambda *_: pytest.fail("reads from the device"))
    rails.on_train_batch_end(None, None, None, (None, torch.tensor([0, 2, 2])), 0)  # type: ignore[arg-type]
    monkeypatch.undo()
    assert seen.tolist() == [1, 0, 1]
