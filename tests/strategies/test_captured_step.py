"""A recorded training step gives the weights of one that runs as written, or says why it is not recorded."""

import copy
import logging
from collections.abc import Callable, Sequence
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from icv_lightning.centroids import BatchMeanCentroids, CentroidRule, LearnedCentroids, OneByOneCentroids
from icv_lightning.data import DigitsDataModule
from icv_lightning.losses import CombinedLoss, DiscriminantLoss, MetricLearningLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import ConvNet, LinearScores
from icv_lightning.optimizers import AdamWithSparseRows
from icv_lightning.run.trainer import _one_gpu
from icv_lightning.strategies import CapturedStep
from tests.recorded import record

CPU = torch.device("cpu")
Groups = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no check look at the classes of a batch, which happens on a CPU alone."""
    monkeypatch.setattr(Tensor, "aminmax", lambda target: (0, 0))


def adam(groups: Groups) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, lr=0.01, fused=True)


class Scheduled(ClassifierModule):
    """With a learning rate that changes after each step."""

    changing: Callable[[Any], Any] = staticmethod(lambda optimizer: LambdaLR(optimizer, lambda n: 0.9**n))

    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        return [optimizer], [{"scheduler": self.changing(optimizer), "interval": "step"}]


def module(
    rule: CentroidRule | None = None,
    loss: nn.Module | None = None,
    optimizer: Callable[[Groups], torch.optim.Optimizer] = adam,
    kind: type[ClassifierModule] = ClassifierModule,
    loss_warmup: float = 0.0,
) -> ClassifierModule:
    """Return a small network in float64, with batch normalisation and dropout."""
    torch.manual_seed(0)
    net = ConvNet(1, 8, 2, widths=(4,), hidden=16)
    rule, loss = rule or LearnedCentroids(10, 2), loss or CombinedLoss(0.05)
    rates = {"centroid_lr": 0.02, "loss_warmup": loss_warmup}
    return kind(net, LinearScores(2, 10), rule, loss, optimizer, 10, 2, **rates).double()


def fit(
    given: ClassifierModule, strategy: Any = "auto", callbacks: Sequence[L.Callback] = (), **options: Any
) -> L.Trainer:
    """Train for 20 steps: two epochs of nine batches of 150 and a shorter one."""
    trainer = L.Trainer(
        max_epochs=2, accelerator="cpu", strategy=strategy, precision="64-true", logger=False,
        callbacks=list(callbacks), num_sanity_val_steps=0, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, **options,
    )  # fmt: skip
    trainer.fit(given, datamodule=DigitsDataModule("digits", 10, 1, 8, batch_size=150))
    assert trainer.global_step == 20
    return trainer


def counted(records: list[int]) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Return `record`, whose replays are counted in `records`."""

    def recorder(step: Callable[[], object]) -> Callable[[], object]:
        replay = record(step)
        return lambda: (records.append(1), replay())

    return recorder


CASES: dict[str, dict[str, Any]] = {
    "learned": {},
    "learned, from class means": {"rule": LearnedCentroids(10, 2, init="class_means")},
    "batch_mean": {"rule": BatchMeanCentroids(10, 2, 0.5, init="class_means")},
    "one_by_one": {"rule": OneByOneCentroids(10, 2, 0.1)},
    "lambda 0": {"loss": CombinedLoss(0.0)},
    "discriminant": {"loss": DiscriminantLoss(0.05, 2)},
    "proxies": {"loss": MetricLearningLoss("cosface", 10, 2, 0.05)},
    "adamw": {"optimizer": lambda groups: torch.optim.AdamW(groups, lr=0.01, fused=True)},
    "sgd": {"optimizer": lambda groups: torch.optim.SGD(groups, lr=0.01, momentum=0.9, fused=True)},
    "scheduler": {"kind": Scheduled},
    "clipping": {"gradient_clip_val": 0.1},
    "clipping by value": {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
}


@pytest.mark.parametrize("case", CASES)
def test_weights_and_means_are_those_of_steps_as_written(case: str) -> None:
    parts = {key: value for key, value in CASES[case].items() if "clip" not in key}
    options = {key: value for key, value in CASES[case].items() if "clip" in key}
    options |= {} if case == "learned" else {"limit_val_batches": 0}
    replays: list[int] = []
    written, captured = module(**copy.deepcopy(parts)), module(**copy.deepcopy(parts))
    expected = fit(written, **options)
    found = fit(captured, CapturedStep(CPU, counted(replays)), **options)
    assert len(replays) == 17  # all but the first step, and the shorter last batch of each epoch
    for name, value in written.state_dict().items():
        torch.testing.assert_close(captured.state_dict()[name], value, rtol=0, atol=1e-12, msg=name)
    for key, value in expected.callback_metrics.items():
        assert float(found.callback_metrics[key]) == pytest.approx(float(value), abs=1e-9), key


def test_the_optimizer_is_left_as_schedulers_and_checkpoints_expect_it() -> None:
    trainer = fit(module(kind=Scheduled), CapturedStep(CPU, record), limit_val_batches=0)
    for group, start in zip(trainer.optimizers[0].param_groups, (0.01, 0.01, 0.02), strict=True):
        assert group["lr"] == pytest.approx(start * 0.9**20)
        assert isinstance(group["lr"], float)
        assert group["capturable"] is False


def test_a_second_fit_records_anew() -> None:
    replays: list[int] = []
    trainer = fit(module(), CapturedStep(CPU, counted(replays)), limit_val_batches=0)
    trainer.fit_loop.max_epochs = 4
    trainer.fit(module(), datamodule=DigitsDataModule("digits", 10, 1, 8, batch_size=150))
    assert len(replays) == 34


class Asking(CombinedLoss):
    """Lets the host look at a value in each step."""

    def forward(self, logits: Tensor, embeddings: Tensor, *rest: Tensor) -> dict[str, Tensor]:
        terms = super().forward(logits, embeddings, *rest)
        return terms if terms["loss"] < 1e9 else {}


class Counting(L.Callback):
    def on_after_backward(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None: ...


def changing_momentum(optimizer: torch.optim.Optimizer) -> OneCycleLR:
    return OneCycleLR(optimizer, max_lr=0.01, total_steps=20)


@pytest.mark.parametrize(
    ("parts", "options", "reason"),
    [
        ({"loss": Asking(0.05)}, {}, "_local_scalar_dense.default waits for the device"),
        ({"optimizer": lambda groups: AdamWithSparseRows(groups)}, {}, "AdamWithSparseRows keeps numbers"),
        ({"optimizer": lambda groups: torch.optim.SGD(groups, lr=0.01)}, {}, "SGD keeps numbers on the host"),
        ({"loss_warmup": 0.5}, {}, "loss.warmup is a number that rises"),
        ({}, {"callbacks": [Counting()]}, "Counting.on_after_backward runs inside it"),
        ({"kind": type("OneCycle", (Scheduled,), {"changing": staticmethod(changing_momentum)})}, {},
         "betas of the optimizer changes from step to step"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_runs_as_written_and_says_so_once(
    caplog: pytest.LogCaptureFixture, parts: dict[str, Any], options: dict[str, Any], reason: str
) -> None:
    written, captured = module(**copy.deepcopy(parts)), module(**copy.deepcopy(parts))
    options["limit_val_batches"] = 0
    fit(written, **options)
    with caplog.at_level(logging.WARNING, logger="icv_lightning.strategies"):
        fit(captured, CapturedStep(CPU, record), **options)
    (said,) = [entry.getMessage() for entry in caplog.records if entry.name.startswith("icv_lightning.str")]
    assert reason in said
    assert "more lines" not in said
    for name, value in written.state_dict().items():
        torch.testing.assert_close(captured.state_dict()[name], value, rtol=0, atol=1e-12, msg=name)


def test_several_batches_a_step_run_as_written(caplog: pytest.LogCaptureFixture) -> None:
    trainer = L.Trainer(
        max_steps=2, accelerator="cpu", strategy=CapturedStep(CPU, record), accumulate_grad_batches=2,
        logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(module().float(), datamodule=DigitsDataModule("digits", 10, 1, 8, batch_size=150))
    assert "adds up several batches" in caplog.text
    assert trainer.global_step == 2


@pytest.mark.parametrize(
    ("trainer", "device"),
    [
        ({}, "cuda:0"), ({"accelerator": "gpu", "devices": "1"}, "cuda:0"), ({"devices": [1]}, "cuda:1"),
        ({"devices": 2}, None), ({"devices": "auto"}, None), ({"strategy": "ddp"}, None),
        ({"accelerator": "cpu"}, None),
    ],
)  # fmt: skip
def test_a_trainer_with_one_gpu_captures(
    monkeypatch: pytest.MonkeyPatch, trainer: dict[str, Any], device: str | None
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("lightning.fabric.accelerators.cuda.num_cuda_devices", lambda: 2)
    found = _one_gpu({"accelerator": "auto", "strategy": "auto", "devices": 1} | trainer)
    assert found == (None if device is None else torch.device(device))


@pytest.mark.slow
def test_a_compiled_step_gives_the_same_weights() -> None:
    data = DigitsDataModule("digits", 10, 1, 8, batch_size=72)
    data.setup()
    batches = list(data.train_dataloader())
    assert len(batches) == 20
    found = []
    for compiled in (False, True):
        given = module().train()
        forward = torch.compile(given.training_step, backend="aot_eager") if compiled else given.training_step
        optimizer = given.configure_optimizers()
        torch.manual_seed(1)
        for batch in batches:
            optimizer.zero_grad()
            forward(batch, 0).backward()
            optimizer.step()
        found.append(given.state_dict())
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, rtol=1e-9, atol=1e-9, msg=name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("case", CASES)
def test_a_graph_gives_the_weights_of_steps_as_written(case: str) -> None:
    parts = {key: value for key, value in CASES[case].items() if "clip" not in key}
    gpu, found = torch.device("cuda", 0), []
    for strategy in ("auto", CapturedStep(gpu)):
        given = module(**copy.deepcopy(parts))
        options = {"accelerator": "gpu", "devices": 1, "precision": "64-true", "strategy": strategy}
        trainer = L.Trainer(
            max_epochs=1, logger=False, enable_progress_bar=False, enable_model_summary=False,
            enable_checkpointing=False, **options, **{k: v for k, v in CASES[case].items() if "clip" in k},
        )  # fmt: skip
        trainer.fit(given, datamodule=DigitsDataModule("digits", 10, 1, 8, batch_size=150))
        found.append({name: value.cpu() for name, value in given.state_dict().items()})
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, rtol=1e-4, atol=1e-5, msg=name)
