"""A loss that is not finite ends the run at once, with step and term, and leaves no poisoned checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor, nn

from icv_lightning.callbacks import FiniteLoss, LastCheckpoint
from icv_lightning.centroids import LearnedCentroids
from icv_lightning.data.digits import DigitsDataModule
from icv_lightning.errors import NonFiniteLossError
from icv_lightning.losses import CombinedLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import LinearScores, Standardize
from icv_lightning.records.results import read_results
from tests.conftest import cells


class Poisoned(CombinedLoss):
    """From training step `at` on, `term` of the loss (and so the loss) has a bad value."""

    def __init__(self, at: int, term: str, value: float) -> None:
        super().__init__(0.05)
        self.at, self.term, self.value, self.steps = at, term, value, 0

    def forward(
        self, logits: Tensor, embeddings: Tensor, centroids: Tensor, target: Tensor
    ) -> dict[str, Tensor]:
        terms = super().forward(logits, embeddings, centroids, target)
        self.steps += torch.is_grad_enabled()
        if torch.is_grad_enabled() and self.steps == self.at:
            terms[self.term] = terms[self.term] + self.value
            terms["loss"] = terms["loss"] + self.value
        return terms


def fit(folder: Path, loss: CombinedLoss, every: int, **options: Any) -> L.Trainer:
    """Train with 8 steps an epoch for 3 epochs."""
    module = ClassifierModule(
        nn.Sequential(Standardize(1), nn.Flatten(), nn.Linear(64, 2)), LinearScores(2, 10),
        LearnedCentroids(10, 2), loss, lambda groups: torch.optim.SGD(groups, lr=0.01), 10, 2,
    )  # fmt: skip
    trainer = L.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, default_root_dir=str(folder),
        callbacks=[FiniteLoss(every), LastCheckpoint()], num_sanity_val_steps=0,
        enable_progress_bar=False, enable_model_summary=False, **options,
    )  # fmt: skip
    trainer.fit(module, datamodule=DigitsDataModule("digits", 10, 1, 8, batch_size=180))
    return trainer


@pytest.mark.parametrize("every", [1, 3, 1000])
@pytest.mark.parametrize(
    ("term", "value"), [("loss_var", torch.nan), ("loss_ce", torch.inf), ("loss", torch.nan)]
)
def test_step_and_term_are_those_of_the_first_bad_step(
    tmp_path: Path, every: int, term: str, value: float
) -> None:
    with pytest.raises(
        NonFiniteLossError, match=rf"^{term} is not finite since step 10 \(epoch 2\)"
    ) as error:
        fit(tmp_path, Poisoned(10, term, value), every)
    assert error.value.step == 10
    saved = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert saved["epoch"] == 0  # of the last good epoch
    assert all(value.isfinite().all() for value in saved["state_dict"].values())


def test_looks_come_at_intervals_and_at_the_end_of_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    look = FiniteLoss._look

    def count(self: FiniteLoss, trainer: L.Trainer, *rest: Any) -> None:
        looks.append(trainer.global_step)
        look(self, trainer, *rest)

    monkeypatch.setattr(FiniteLoss, "_look", count)
    assert fit(tmp_path, CombinedLoss(0.05), every=5).global_step == 24
    assert looks == [5, 8, 10, 15, 16, 20, 24]


def test_epochs_that_are_not_evaluated_have_means_of_their_own(tmp_path: Path) -> None:
    each = fit(tmp_path, CombinedLoss(0.05), every=1000)
    last = fit(tmp_path, CombinedLoss(0.05), every=1000, check_val_every_n_epoch=3)
    assert last.global_step == 24
    assert last.callback_metrics["train/loss"] == each.callback_metrics["train/loss"]


def test_between_looks_nothing_waits_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    callback = FiniteLoss()
    module = ClassifierModule(
        nn.Flatten(), LinearScores(2, 10), LearnedCentroids(10, 2), CombinedLoss(0.05), None, 10, 2
    )

    class Trainer:
        is_last_batch = False
        global_step = 7

    batches = [dict.fromkeys(module.loss.terms, torch.tensor(1.0)) for _ in range(3)]
    batches[1]["loss_ce"] = torch.tensor(torch.nan)
    for reading in ("item", "tolist", "__bool__", "__int__", "__float__", "cpu", "nonzero"):
        monkeypatch.setattr(Tensor, reading, lambda *_: pytest.fail("reads from the device"))
    for terms in batches:
        module.step_terms.update(terms, 64)
        callback.on_train_batch_end(Trainer(), module, None, None, 0)  # type: ignore[arg-type]
    monkeypatch.undo()
    assert module.step_terms.finite.tolist() == [3, 1, 3]


def test_results_name_cause_and_step(main: Callable[..., int], tmp_path: Path) -> None:
    assert main("optimizer.lr=1e30", "trainer.max_epochs=1") == 1
    (folder,) = cells(tmp_path / "outputs")
    results = read_results(folder) or {}
    assert results["status"] == "failed"
    assert results["cause"].startswith("NonFiniteLossError: loss_")
    assert 1 < results["step"] < 23
    assert f"since step {results['step']} (epoch 1)" in results["cause"]


def test_bad_argument() -> None:
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        FiniteLoss(every=0)
