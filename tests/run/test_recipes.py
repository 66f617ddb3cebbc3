"""Training recipes end to end: each choice by its command, and what it leaves."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from icv_lightning.records.results import read_results
from tests.conftest import cells, results

Main = Callable[..., int]


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "metrics.csv").open()))


def last(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


def test_sgd_with_a_cosine_a_warm_up_and_a_rising_lambda(main: Main, tmp_path: Path) -> None:
    options = ("optimizer=sgd", "lr=0.05", "scheduler=cosine", "scheduler.warmup=0.1", "loss.warmup=0.5")
    assert main(*options, "epochs=2", "loss.lambda=0.2", "optimizer.centroid_lr=0.1") == 0
    (folder,) = cells(tmp_path / "outputs")
    first, second = rows(folder)
    steps = 46  # 1437 images in batches of 64, twice
    assert float(first["train/lr"]) == pytest.approx(0.05 / 2, rel=1e-6)  # half of the cosine
    assert float(first["train/centroid_lr"]) == pytest.approx(0.1 / 2, rel=1e-6)
    assert float(second["train/lr"]) == pytest.approx(0.0, abs=1e-12)
    assert float(first["train/lambda"]) == pytest.approx(0.2)  # 23 of 23 steps
    for row in (first, second):  # evaluation has the full λ
        assert float(row["test/loss"]) == pytest.approx(
            float(row["test/loss_ce"]) + 0.2 * float(row["test/loss_var"]), rel=1e-5
        )
    rising = float(first["train/loss"]) - float(first["train/loss_ce"])
    assert 0 < rising < 0.2 * float(first["train/loss_var"])
    groups = last(folder)["optimizer_states"][0]["param_groups"]
    assert [group["weight_decay"] for group in groups] == [0.0005, 0, 0]
    assert last(folder)["global_step"] == steps


def test_a_neutral_recipe_leaves_the_identity_as_it_was(main: Main, tmp_path: Path) -> None:
    """Its results hold what was chosen, and the columns of metrics.csv are those of a run without choices."""
    assert main("trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    assert not {"train/lr", "train/lambda"} & set(rows(folder)[0])
    found = read_results(folder) or {}
    assert (found["weights"], found["weights_epoch"], found["init_from"]) == ("last", 1, {})
    assert set(found["classes"]) == {"precision", "recall", "f1", "count"}
    assert found["classes"]["recall"] == found["per_class"]
    assert sum(found["classes"]["count"]) == 360
    assert "test/acc_macro" in found["metrics"]


def test_the_best_epoch_is_kept_tested_and_said(main: Main, tmp_path: Path) -> None:
    options = ("callbacks=[best,early_stopping]", "data.val_size=200", "callbacks.early_stopping.patience=1",
               "callbacks.early_stopping.monitor=val/acc", "callbacks.early_stopping.mode=max",
               "lr=0.05", "epochs=3")  # fmt: skip
    assert main(*options) == 0
    (folder,) = cells(tmp_path / "outputs")
    found, accuracies = read_results(folder) or {}, [float(row["val/acc"]) for row in rows(folder)]
    epoch = 1 + accuracies.index(max(accuracies))
    assert (found["weights"], found["weights_epoch"]) == ("best", epoch)
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    best = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    assert best["epoch"] + 1 == epoch
    from icv_lightning import load_checkpoint
    from icv_lightning.data import DigitsDataModule

    model = load_checkpoint(folder / "checkpoints" / "best.ckpt")
    data = DigitsDataModule("digits", 10, channels=1, image_size=found["config"]["data"]["image_size"])
    data.setup()
    part = data.test_part
    with torch.no_grad():
        right = (model(part.images[part.index]).logits.argmax(1) == part.target).double().mean()
    assert found["metrics"]["test/acc"] == pytest.approx(float(right))


def test_a_run_ends_early(main: Main, tmp_path: Path) -> None:
    """A rate of nearly zero: nothing gets better after the first epoch, so the second ends it."""
    options = ("callbacks=early_stopping", "data.val_size=200", "callbacks.early_stopping.patience=1",
               "callbacks.early_stopping.min_delta=10", "lr=1e-9", "epochs=9")  # fmt: skip
    assert main(*options) == 0
    (folder,) = cells(tmp_path / "outputs")
    assert len(rows(folder)) == 2
    assert (results(tmp_path)["status"], results(tmp_path)["weights_epoch"]) == ("completed", 2)


def test_balanced_weights_are_those_of_the_training_part(main: Main, tmp_path: Path) -> None:
    assert main("loss.class_weights=balanced", "loss.label_smoothing=0.1", "epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    from icv_lightning.data import DigitsDataModule

    data = DigitsDataModule("digits", 10, channels=1, image_size=28)
    data.setup()
    counts = data.train_part.target.bincount().tolist()
    kept = last(folder)["hyper_parameters"]["config"]["loss"]["criterion"]
    assert kept["class_weights"] == pytest.approx([1437 / (10 * n) for n in counts])
    assert kept["label_smoothing"] == 0.1
    assert last(folder)["settings"]["loss.class_weights"] == "balanced"


def test_balanced_sampling_reaches_the_loader(main: Main, tmp_path: Path, monkeypatch) -> None:
    from icv_lightning.module import ClassifierModule

    seen: list[int] = []
    step = ClassifierModule.training_step

    def remember(self, batch, batch_idx):
        seen.extend(batch[1].tolist())
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ClassifierModule, "training_step", remember)
    assert main("data.sampling=balanced", "epochs=1") == 0
    counts = torch.tensor(seen).bincount()
    assert counts.max() - counts.min() <= 1


def test_the_same_run_again(main: Main, tmp_path: Path, capsys) -> None:
    assert main("epochs=1", "loss.lambda=0.3") == 0
    (folder,) = cells(tmp_path / "outputs")
    assert main("as_is", "--rerun", str(folder)) == 0
    assert "already completed" in capsys.readouterr().out
    assert main("as_is", "--like", str(folder), "loss.lambda=0.4", "name=other") == 0
    (other,) = (tmp_path / "outputs" / "other").glob("*/results.json")
    assert (read_results(other.parent) or {})["cell"]["lambda"] == 0.4
    assert (read_results(other.parent) or {})["config"]["model"]["net"]["hidden"] == 16
    assert main("as_is", "--rerun", str(folder), "lr=0.5") == 2
    assert "are another run, digits-d2-raw-l0.3-learned-s0-" in capsys.readouterr().err


def test_own_parts_by_one_yaml(main: Main, tmp_path: Path) -> None:
    (tmp_path / "own" / "optimizer").mkdir(parents=True)
    (tmp_path / "own" / "optimizer" / "rmsprop.yaml").write_text(
        "lr: 0.001\ncentroid_lr: null\nalgorithm:\n  _target_: torch.optim.RMSprop\n  _partial_: true\n"
        "  lr: ${optimizer.lr}\n  alpha: 0.95\n"
    )
    assert main("--config-dir", str(tmp_path / "own"), "optimizer=rmsprop", "epochs=1") == 0
    assert set(results(tmp_path)["config"]["optimizer"]["algorithm"]) == {
        "_target_",
        "_partial_",
        "lr",
        "alpha",
    }


def test_a_checkpoint_of_ones_own_lands_in_the_runs_folder(main: Main, tmp_path: Path) -> None:
    own = "+callbacks.kept={_target_:lightning.pytorch.callbacks.ModelCheckpoint,monitor:train/loss}"
    assert main(own, "epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    assert not (folder / "csv").exists()
    assert len(list((folder / "checkpoints").glob("*.ckpt"))) == 2


BAD = {
    "optimizer.algorithm._target_=torch.optim.SGD": "optimizer.algorithm: SGD.__init__() got an "
    "unexpected keyword argument 'betas'; a class of your own needs a YAML file",
    "callbacks.best.monitor=val/accuracy callbacks=best data.val_size=200": "callbacks.best."
    "monitor=val/accuracy: is not logged, must be one of val/loss, ",
    "+scheduler.algorithm.T_max=3 scheduler=cosine": "scheduler: T_max must be left out: it is the",
}


@pytest.mark.parametrize("overrides", BAD)
def test_what_a_constructor_refuses_is_said_before_training(
    main: Main, tmp_path: Path, overrides, capsys
) -> None:
    assert main(*reversed(overrides.split()), "epochs=1") > 0
    error = capsys.readouterr().err
    assert error.startswith(f"error: {BAD[overrides]}")
    assert error.count("\n") == 1
    assert not list((tmp_path / "outputs").glob("*/*/checkpoints"))


def test_the_settings_for_own_pictures_get_further_in_few_epochs(main: Main, tmp_path: Path) -> None:
    network = (
        "data=digits",
        "model.net.widths=[8,16]",
        "model.net.hidden=64",
        "model.net.dropout=0",
        "epochs=5",
    )
    assert main(*network, "batch_size=64", "dim=16", "name=papers") == 0
    assert main(*network, "experiment=own_pictures", "name=recommended") == 0
    papers, recommended = ((read_results(cell) or {})["metrics"] for cell in cells(tmp_path / "outputs"))
    for measure in ("test/acc", "test/acc_nearest_centroid", "test/acc_nearest_class_mean"):
        assert recommended[measure] > max(papers[measure], 0.9), measure
