"""What an epoch waits for on a GPU: nothing in its steps, and a few times at its end."""

from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import Tensor

from icv_lightning import callbacks
from icv_lightning.centroids import LearnedCentroids
from icv_lightning.data.digits import DigitsDataModule
from icv_lightning.losses import CombinedLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import ConvNet, LinearScores
from tests.pretended_gpu import PretendedGpu, held

CPU = torch.device("cpu")


class OnGpu(SingleDeviceStrategy):
    """Brings batches to the pretended GPU."""

    def __init__(self, gpu: PretendedGpu) -> None:
        super().__init__(CPU)
        self.gpu = gpu

    def batch_to_device(self, batch: Any, device: torch.device | None = None, dataloader_idx: int = 0) -> Any:
        moved = tuple(part.clone() for part in super().batch_to_device(batch, device, dataloader_idx))
        self.gpu.hold(moved)
        return moved


class Phases(L.Callback):
    """Keeps, by epoch, the waits in its training steps and those after them."""

    def __init__(self, gpu: PretendedGpu) -> None:
        self.gpu, self.steps, self.evaluation = gpu, [], []  # type: ignore[var-annotated]

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.gpu.hold(held(pl_module))
        self.gpu.waits.clear()

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.steps.append([*self.gpu.waits])
        self.gpu.waits.clear()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.evaluation.append([*self.gpu.waits])


def phases(folder: Path, monkeypatch: pytest.MonkeyPatch, *more: L.Callback) -> Phases:
    """Train for two epochs of eight steps with all that a run has by default."""
    gpu = PretendedGpu()
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_stream", gpu.stream)
    monkeypatch.setattr(Tensor, "aminmax", lambda target: (0, 0))  # classes are looked at on a CPU alone
    torch.manual_seed(0)
    module = ClassifierModule(
        ConvNet(1, 8, 2, widths=(4,), hidden=16), LinearScores(2, 10), LearnedCentroids(10, 2),
        CombinedLoss(0.05), lambda groups: torch.optim.Adam(groups, fused=True), 10, 2,
    )  # fmt: skip
    seen = Phases(gpu)
    found = [
        callbacks.LastCheckpoint(), callbacks.EmbeddingSnapshot(), callbacks.MeasuredEmbeddings(),
        callbacks.Gallery([1, 2]), callbacks.Throughput(), callbacks.FiniteLoss(), callbacks.GuardRails(),
    ]  # fmt: skip
    trainer = L.Trainer(
        max_epochs=2, accelerator="cpu", strategy=OnGpu(gpu), logger=False, callbacks=[*found, *more, seen],
        default_root_dir=folder / "run", num_sanity_val_steps=0, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    (folder / "run").mkdir()
    with gpu:
        trainer.fit(module, datamodule=DigitsDataModule("digits", 10, 1, 8, batch_size=180))
    return seen


def test_an_epoch_waits_once_after_its_steps_once_for_its_evaluation_and_then_for_the_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = phases(tmp_path, monkeypatch)
    assert found.steps == [["callbacks.finite_loss"]] * 2
    assert found.evaluation == [["metrics.two_parts", "callbacks.guard_rails"]] * 2


class Reads(L.Callback):
    """Looks at the loss of each step."""

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        float(outputs["loss"])


def test_who_looks_at_each_step_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [len(waits) for waits in phases(tmp_path, monkeypatch, Reads()).steps] == [9, 9]
