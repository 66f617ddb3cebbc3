"""The command as a user runs it: what a run leaves, grids, resuming, failing."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.records.results import read_results
from icv_lightning.records.settings_file import read_settings
from tests.conftest import TINY, TINY_WITH_FIGURES, cells

Main = Callable[..., int]


def test_a_run_leaves_what_users_rely_on(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("as_is", *TINY_WITH_FIGURES, "trainer.max_epochs=2", "name=one") == 0
    (folder,) = cells(tmp_path / "outputs")
    assert folder.parent.name == "one"
    assert folder.name.startswith("digits-d2-raw-l0.05-learned-s0-")
    assert {p.name for p in folder.iterdir()} == {
        ".hydra", ".lock", "checkpoints", "embeddings", "figures", "measured.npz", "metrics.csv",
        "results.json", "run.log",
    }  # fmt: skip
    results = json.loads((folder / "results.json").read_text())
    assert results["status"] == "completed"
    assert results["config_hash"].startswith(folder.name.rsplit("-", 1)[1])
    record = [folder / name for name in ("results.json", "metrics.csv", "measured.npz")]
    assert sum(path.stat().st_size for path in record) < 40_000
    assert not any(str(tmp_path).encode() in path.read_bytes() for path in record)
    assert results["measures"]["acc"] == results["metrics"]["test/acc"]
    assert results["cell"] == {
        "data": "digits", "lambda": 0.05, "embedding_dim": 2, "normalize": False, "centroids": "learned",
        "loss": "icv", "model": "convnet", "seed": 0,
    }  # fmt: skip
    names = ("loss", "loss_ce", "loss_var", "acc", "acc_nearest_centroid", "acc_nearest_class_mean")
    assert {f"test/{n}" for n in (*names, "var_within", "var_between")} <= set(results["metrics"])
    confusion = np.array(results["confusion"])
    assert confusion.sum() == 360
    assert confusion.trace() / 360 == pytest.approx(results["metrics"]["test/acc"], abs=1e-12)
    assert results["per_class"] == pytest.approx((confusion.diagonal() / confusion.sum(1)).tolist())
    assert {"seconds", "versions", "config", "class_names"} <= set(results)
    metrics = results["metrics"]
    assert metrics["test/loss"] == pytest.approx(
        metrics["test/loss_ce"] + 0.05 * metrics["test/loss_var"], rel=1e-5
    )

    rows = list(csv.DictReader((folder / "metrics.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["test/acc"]) == metrics["test/acc"]
    assert all(row[f"{part}/{n}"] for row in rows for part in ("train", "test") for n in names)
    output = capsys.readouterr().out
    assert f"{metrics['test/acc_nearest_centroid']:.4f}" in output
    assert str(folder) in output.replace("\n", "")

    snapshot = np.load(folder / "embeddings" / "epoch_002.npz")
    right = (snapshot["test_preds"] == snapshot["test_target"]).mean()
    assert right == pytest.approx(metrics["test/acc"], abs=1e-12)
    distances = np.linalg.norm(snapshot["test_embeddings"][:, None] - snapshot["centroids"], axis=2)
    nearest = (distances.argmin(1) == snapshot["test_target"]).mean()
    assert nearest == pytest.approx(metrics["test/acc_nearest_centroid"], abs=1e-12)


def test_a_grid_gives_a_folder_per_value_and_is_not_run_twice(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("-m", "loss.lambda=0.05,0.5,1.0", "trainer.max_epochs=1") == 0
    folders = cells(tmp_path / "outputs")
    assert [folder.name.split("-")[3] for folder in folders] == ["l0.05", "l0.5", "l1"]
    stamps = [(folder / "results.json").stat().st_mtime_ns for folder in folders]
    assert main("-m", "loss.lambda=0.050,0.50,1", "trainer.max_epochs=1") == 0
    assert "already completed" in capsys.readouterr().out
    assert [(folder / "results.json").stat().st_mtime_ns for folder in cells(tmp_path / "outputs")] == stamps


def test_a_repeated_command_leaves_the_settings_resolved(main: Main, tmp_path: Path) -> None:
    """By them verify, unseen and predict find the pictures again; an interpolation in them is refused."""
    assert main("trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    settings = read_settings(folder)
    assert main("trainer.max_epochs=1") == 0
    assert read_settings(folder) == settings


def test_one_seed_starts_equal_and_sees_equal_batches_whatever_lambda(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from icv_lightning.module import ClassifierModule

    starts, batches = [], []
    fit_start, step = ClassifierModule.on_fit_start, ClassifierModule.training_step

    def remember_start(self: ClassifierModule) -> None:
        fit_start(self)
        starts.append({k: v.clone() for k, v in self.state_dict().items()})
        batches.append([])

    def remember_batch(
        self: ClassifierModule, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int
    ) -> torch.Tensor:
        batches[-1].append(batch[0].sum(dtype=torch.int64).item() + 1000 * batch[1][0].item())
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ClassifierModule, "on_fit_start", remember_start)
    monkeypatch.setattr(ClassifierModule, "training_step", remember_batch)
    assert main("-m", "loss.lambda=0,1", "seed=0,1", "trainer.max_epochs=2") == 0
    same, other = (starts[0], starts[2]), (starts[0], starts[1])  # cells: (0, 0), (0, 1), (1, 0), (1, 1)
    assert all(torch.equal(same[0][key], same[1][key]) for key in starts[0])
    assert any(not torch.equal(other[0][key], other[1][key]) for key in starts[0])
    assert batches[0] == batches[2]
    assert batches[0] != batches[1]
    assert batches[0][:23] != batches[0][23:]  # another order in the second epoch


def test_lambda_zero_trains_the_network_as_cross_entropy_alone(main: Main, tmp_path: Path) -> None:
    """An optimizer of the network alone, on plain cross-entropy, ends with the same weights, bit for bit."""
    from hydra import compose, initialize_config_dir

    from icv_lightning import building
    from icv_lightning.configuration.composition import CONF

    assert main("loss.lambda=0", "trainer.max_epochs=1", "model.net.dropout=0") == 0
    state = torch.load(next(tmp_path.glob("outputs/*/*/checkpoints/last.ckpt")), weights_only=True)[
        "state_dict"
    ]

    torch.manual_seed(0)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [*TINY, "loss.lambda=0", "model.net.dropout=0"])
    data = building.build_datamodule(config)
    data.setup()
    module = building.build_module(**building.module_arguments(config))
    module.net[0].fit(*data.pixel_statistics())
    optimizer = torch.optim.Adam([*module.net.parameters(), *module.head.parameters()], lr=0.001, fused=True)
    for images, target in data.train_dataloader():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module.head(module.net(images)), target).backward()
        optimizer.step()
    for key, value in module.state_dict().items():
        if key.startswith(("net.", "head.")):
            assert torch.equal(value, state[key]), key
    assert state["centroids.weight"].abs().sum() > 0  # while the centroids did learn


@pytest.mark.parametrize("stop", [1, 2])
def test_an_interrupted_run_ends_bit_equal_to_an_undisturbed_one(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    settings = ("trainer.max_epochs=3", "data.transform={_target_:tests.run.test_command.Noise}")
    assert main(*settings, "paths.outputs=whole") == 0

    written = LastCheckpoint.on_train_epoch_end

    def interrupt(self: LastCheckpoint, trainer: object, module: object) -> None:
        written(self, trainer, module)  # type: ignore[arg-type]
        if trainer.current_epoch + 1 == stop:  # type: ignore[attr-defined]
            raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", interrupt)
        assert main(*settings, "paths.outputs=cut") == 1
    (folder,) = cells(tmp_path / "cut")
    failed = read_results(folder)
    assert failed is not None
    assert (failed["status"], failed["cause"]) == ("failed", "RuntimeError: power cut")
    assert failed["step"] == 23 * stop

    assert main(*settings, "paths.outputs=cut", "ckpt_path=last") == 0
    (whole,), (resumed,) = cells(tmp_path / "whole"), cells(tmp_path / "cut")
    assert whole.name == resumed.name
    states = [torch.load(f / "checkpoints" / "last.ckpt", weights_only=True) for f in (whole, resumed)]
    assert all(torch.equal(v, states[1]["state_dict"][k]) for k, v in states[0]["state_dict"].items())
    moments = [s["optimizer_states"][0]["state"] for s in states]
    assert all(torch.equal(v, moments[1][i][k]) for i, slot in moments[0].items() for k, v in slot.items())
    assert (whole / "metrics.csv").read_bytes() == (resumed / "metrics.csv").read_bytes()
    results = [read_results(f) or {} for f in (whole, resumed)]
    assert all(results[0][key] == results[1][key] for key in ("cell", "metrics", "config_hash", "confusion"))
    for name in ("epoch_001.npz", "epoch_003.npz"):
        snapshots = [np.load(f / "embeddings" / name) for f in (whole, resumed)]
        assert all(np.array_equal(snapshots[0][key], snapshots[1][key]) for key in snapshots[0])


@pytest.mark.parametrize(
    "end", [KeyboardInterrupt(), SystemExit()]
)  # Lightning's own, after SIGTERM, is the latter
@pytest.mark.parametrize("grid", [(), ("-m",)])
def test_a_run_that_is_stopped_says_how_to_go_on(
    main: Main,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys,
    end: BaseException,
    grid: tuple[str, ...],
) -> None:
    def stop(self: LastCheckpoint, trainer: object, module: object) -> None:
        raise end

    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", stop)
        assert main(*grid, "trainer.max_epochs=1") == 130
    output = capsys.readouterr()
    assert "interrupted" in output.out + output.err
    assert "the same command goes on" in output.out + output.err
    assert main(*grid, "trainer.max_epochs=1") == 0


class Noise:
    """A random transform, to show that a resumed run draws what an undisturbed one does."""

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        return image ^ torch.randint_like(image, 8)


def test_a_validation_part_replaces_test_after_each_epoch(main: Main, tmp_path: Path) -> None:
    assert main("data.val_size=200", "trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    (row,) = csv.DictReader((folder / "metrics.csv").open())
    assert row["val/acc"]
    assert set(np.load(folder / "embeddings" / "epoch_001.npz")) >= {
        "val_embeddings",
        "val_preds",
        "train_index",
    }
    assert "test/acc" in (read_results(folder) or {})["metrics"]


def test_a_run_of_a_few_batches_is_not_recorded_as_completed(main: Main, tmp_path: Path, capsys) -> None:
    settings = ("trainer.max_epochs=1", "+trainer.fast_dev_run=true")
    for _ in range(2):  # the second time, nothing is skipped
        assert main(*settings) == 0
        printed = capsys.readouterr().out
        assert "already completed" not in printed
        assert "tried, not completed: trainer.fast_dev_run: a few batches alone" in printed
        [cell] = cells(tmp_path / "outputs")
        assert (read_results(cell) or {})["status"] == "tried"
