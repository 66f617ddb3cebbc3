"""Centroid rules in runs of the command: chosen by one key, their state in the checkpoint."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from icv_lightning import load_checkpoint
from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.records.results import read_results
from tests.conftest import cells

Main = Callable[..., int]


@pytest.mark.parametrize(
    "settings",
    [
        ("centroids=batch_mean", "centroids.layer.init=class_means"),
        ("centroids=one_by_one", "loss.lambda=0"),
    ],
)
def test_an_interrupted_run_ends_bit_equal(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]
) -> None:
    settings = (*settings, "trainer.max_epochs=2", "optimizer.lr=0.01")
    assert main(*settings, "paths.outputs=whole") == 0

    written = LastCheckpoint.on_train_epoch_end

    def interrupt(self: LastCheckpoint, trainer: object, module: object) -> None:
        written(self, trainer, module)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", interrupt)
        assert main(*settings, "paths.outputs=cut") == 1
    assert main(*settings, "paths.outputs=cut", "ckpt_path=last") == 0
    (whole,), (resumed,) = cells(tmp_path / "whole"), cells(tmp_path / "cut")
    states = [torch.load(f / "checkpoints" / "last.ckpt", weights_only=True) for f in (whole, resumed)]
    assert all(torch.equal(v, states[1]["state_dict"][k]) for k, v in states[0]["state_dict"].items())
    results = [read_results(folder) or {} for folder in (whole, resumed)]
    assert results[0]["metrics"] == results[1]["metrics"]
    assert results[0]["cell"]["centroids"] in whole.name
    assert results[0]["metrics"]["test/acc_nearest_centroid"] > 0.3  # chance is 0.1
    module = load_checkpoint(whole / "checkpoints" / "last.ckpt")
    assert torch.equal(module.centroids(), states[0]["state_dict"]["centroids.weight"])
