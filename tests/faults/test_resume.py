"""A run that goes on from a checkpoint: bit-equal under every rule and preset, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.records.results import read_results
from tests.conftest import cells

Main = Callable[..., int]
EPOCHS = 3
SETTINGS = [
    ("centroids=learned",),
    ("centroids=batch_mean", "centroids.layer.init=normal"),
    ("centroids=one_by_one", "loss.lambda=0"),
    ("trainer=fast",),
    ("optimizer=sparse_adam", "centroids.layer.sparse=true"),
    ("loss=discriminant", "optimizer.centroid_lr=0.01"),
    ("trainer.precision=64-true",),
    ("optimizer=sgd", "lr=0.05", "scheduler=cosine", "scheduler.warmup=0.2", "optimizer.centroid_lr=0.1"),
    ("scheduler=linear", "scheduler.centroids=stay", "optimizer=adamw", "loss.warmup=0.5"),
    ("scheduler=step", "scheduler.algorithm.step_size=1", "data/augment=digits"),
    ("scheduler=one_cycle", "data/augment=crop_flip", "data.sampling=balanced"),
    ("scheduler=plateau", "data.val_size=200", "scheduler.algorithm.patience=0", "lr=0.5"),
    ("callbacks=[best,early_stopping]", "data.val_size=200", "lr=0.02"),
    ("data/augment=randaugment", "loss.class_weights=balanced", "loss.label_smoothing=0.1"),
]


def cut(stop: int) -> Callable[..., None]:
    """Return a `LastCheckpoint.on_train_epoch_end` after which nothing is done beyond epoch `stop`."""
    written = LastCheckpoint.on_train_epoch_end

    def interrupt(self: LastCheckpoint, trainer: Any, module: Any) -> None:
        written(self, trainer, module)
        if trainer.current_epoch + 1 == stop:
            raise RuntimeError("power cut")

    return interrupt


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda words: words[0])
def test_a_run_cut_at_several_epochs_ends_bit_equal(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]
) -> None:
    """Cut after epochs 1 and 2 of 3: the whole checkpoint, metrics.csv and results are those of one go."""
    settings = (*settings, f"trainer.max_epochs={EPOCHS}")
    assert main(*settings, "paths.outputs=whole") == 0
    for stop in range(1, EPOCHS):
        with monkeypatch.context() as patch:
            patch.setattr(LastCheckpoint, "on_train_epoch_end", cut(stop))
            assert main(*settings, "paths.outputs=cut") == 1
    assert main(*settings, "paths.outputs=cut") == 0
    (whole,), (resumed,) = cells(tmp_path / "whole"), cells(tmp_path / "cut")
    states = [torch.load(f / "checkpoints" / "last.ckpt", weights_only=True) for f in (whole, resumed)]
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step", "settings"):
        assert equal(states[0][key], states[1][key]), key
    assert (whole / "metrics.csv").read_bytes() == (resumed / "metrics.csv").read_bytes()
    results = [read_results(f) or {} for f in (whole, resumed)]
    assert all(results[0][k] == results[1][k] for k in ("cell", "metrics", "config_hash", "confusion"))


def equal(one: Any, other: Any) -> bool:
    """Compare nested primitives and tensors, these bit for bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def test_a_given_checkpoint_of_other_settings_is_refused(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("trainer.max_epochs=1") == 0
    given = f"ckpt_path={next(tmp_path.glob('outputs/*/*/checkpoints/last.ckpt'))}"
    before = list(tmp_path.glob("outputs/*/*"))
    other = ("loss.lambda=0.5", "optimizer.lr=0.01", "data.batch_size=32")
    assert main("as_is", "data=digits", "~callbacks.progress", *other, given) == 2
    error = capsys.readouterr().err
    assert "a checkpoint of another configuration: " in error
    assert "data.batch_size is 64 there, 32 asked for" in error
    assert "loss.lambda is 0.05 there, 0.5 asked for" in error
    assert " more differ" in error
    assert error.count("\n") == 1
    assert list(tmp_path.glob("outputs/*/*")) == before

    assert main("trainer.max_epochs=2", given) == 0  # more epochs are what a checkpoint is given for
    (more,) = [f for f in cells(tmp_path / "outputs") if f not in before]
    assert [line.split(",")[0] for line in (more / "metrics.csv").read_text().splitlines()] == ["epoch", "2"]


def test_a_checkpoint_in_the_runs_own_folder_is_refused_too(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So is one that says nothing of its settings."""
    assert main("trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    last = folder / "checkpoints" / "last.ckpt"
    (folder / "results.json").unlink()
    content = torch.load(last, weights_only=True)
    content["settings"]["optimizer.lr"] = 0.5
    torch.save(content, last)
    assert main("trainer.max_epochs=1") == 2
    assert "optimizer.lr is 0.5 there, 0.001 asked for" in capsys.readouterr().err
    del content["settings"]
    torch.save(content, last)
    assert main("trainer.max_epochs=1") == 2
    assert "does not say which settings it was trained with" in capsys.readouterr().err
    last.write_bytes(last.read_bytes()[:1000])
    assert main("trainer.max_epochs=1") == 2
    assert "remove it, or start anew with force=true" in capsys.readouterr().err
    assert main("trainer.max_epochs=1", "force=true") == 0


def test_a_run_that_began_at_a_given_checkpoint_goes_on_from_its_own(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main("trainer.max_epochs=1", "name=first") == 0
    given = f"ckpt_path={next(tmp_path.glob('outputs/first/*/checkpoints/last.ckpt'))}"
    settings = ("trainer.max_epochs=3", given)
    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", cut(2))
        assert main(*settings) == 1
    begun = []
    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_start", lambda self, trainer, module: begun.append(1))
        assert main(*settings) == 0
    assert len(begun) == 1
