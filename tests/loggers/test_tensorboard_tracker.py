"""TensorBoard's event files, read back with its own reader."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icv_lightning.loggers import TensorBoardTracker
from icv_lightning.records.results import read_results
from tests.loggers.conftest import Grid

pytest.importorskip("tensorboard")
SETTINGS: dict[str, Any] = {
    "name": "sweep", "data": {"name": "digits", "_target_": "x", "transform": None}, "loss": {"lambda": 0.5},
    "seed": 3, "paths": {"run": "here"}, "model": {"normalize": True, "net": {"widths": [1]}},
}  # fmt: skip
LAMBDAS = ("0.05", "0.5", "1")


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    return events


def session(events: Any, tag: str) -> Any:
    """Return what the hparams plugin finds: "start" or "end" of the session."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = events.SummaryMetadata(f"_hparams_/session_{tag}_info").plugin_data.content
    return getattr(HParamsPluginData.FromString(content), f"session_{tag}_info")


@pytest.mark.parametrize("key", LAMBDAS)
def test_scalars_are_those_of_metrics_csv_by_epoch(grid: Grid, key: str) -> None:
    events = read(grid.cells[key] / "tensorboard")
    with (grid.cells[key] / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = set(rows[0]) - {"epoch", "step"}
    assert set(events.Tags()["scalars"]) == columns | {"train/images_per_second"}
    for column in columns:
        last = {
            scalar.step: scalar.value for scalar in events.Scalars(column)
        }  # the final test's comes later
        logged = {i: float(row[column]) for i, row in enumerate(rows, 1) if row[column]}
        assert last == pytest.approx(logged, rel=1e-6)


@pytest.mark.parametrize("key", LAMBDAS)
def test_pictures_and_text(grid: Grid, key: str) -> None:
    events = read(grid.cells[key] / "tensorboard")
    tags = events.Tags()
    assert set(tags["images"]) == {"test/embeddings", "test/confusion", "test/var_within_per_class"}
    assert [image.step for image in events.Images("test/embeddings")] == [1, 2]
    assert {"config/text_summary", "tags/text_summary", "test/per_class/text_summary"} <= set(tags["tensors"])
    (text,) = events.Tensors("tags/text_summary")
    assert text.tensor_proto.string_val[0].decode() == f"digits, lambda={key}"


def test_hparams_have_the_settings_and_how_the_run_ended(grid: Grid) -> None:
    events = read(grid.cells["0.5"] / "tensorboard")
    hparams = session(events, "start").hparams
    assert hparams["loss.lambda"].number_value == 0.5
    assert hparams["data.name"].string_value == "digits"
    results = read_results(grid.cells["0.5"]) or {}
    assert hparams["num_parameters"].number_value == results["num_parameters"]
    assert not any("_target_" in name or name.startswith("paths") for name in hparams)
    assert session(events, "end").status == 1  # success, after its resumption


def test_a_failed_run_is_a_failed_session(grid: Grid, tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1").write_bytes(grid.failed_events)
    events = read(tmp_path)
    assert session(events, "end").status == 2
    assert [scalar.step for scalar in events.Scalars("test/acc")] == [1]
    (text,) = events.Tensors("cause/text_summary")
    assert text.tensor_proto.string_val[0] == b"RuntimeError: power cut"


def test_the_projector_has_points_thumbnails_and_names(grid: Grid) -> None:
    folder = grid.cells["1"] / "tensorboard"
    assert 'tensor_path: "00002/test_sample/tensors.tsv"' in (folder / "projector_config.pbtxt").read_text()
    sample = folder / "00002" / "test_sample"
    snapshot = np.load(grid.cells["1"] / "embeddings" / "epoch_002.npz")
    points = np.loadtxt(sample / "tensors.tsv")  # the projector draws nothing of two dimensions
    assert points[:, :2] == pytest.approx(snapshot["test_embeddings"], rel=1e-4)
    assert not points[:, 2].any()
    assert points.shape[1] == 3
    names, *rows = (line.split("\t") for line in (sample / "metadata.tsv").read_text().splitlines())
    assert [int(row[names.index("target")]) for row in rows] == snapshot["test_target"].tolist()
    assert [int(row[names.index("pred")]) for row in rows] == snapshot["test_preds"].tolist()
    from PIL import Image

    with Image.open(sample / "sprite.png") as sprite:
        assert sprite.size == (19 * 8, 19 * 8)  # ceil(sqrt(360)) thumbnails a side


def test_hyperparameters_are_numbers_words_and_flags_by_dotted_key(tmp_path: Path) -> None:
    tracker = TensorBoardTracker(tmp_path)
    tracker.start(SETTINGS, resumed=False)
    tracker.finish(None)
    hparams = session(read(tmp_path / "tensorboard"), "start").hparams
    assert set(hparams) == {"data.name", "loss.lambda", "seed", "model.normalize"}


def test_a_redone_run_replaces_what_stood_there(tmp_path: Path) -> None:
    for loss in (1.0, 2.0):
        tracker = TensorBoardTracker(tmp_path)
        tracker.start(SETTINGS, resumed=False)
        tracker.log_metrics({"epoch": 0, "train/loss": loss})
        tracker.finish(None)
    assert [s.value for s in read(tmp_path / "tensorboard").Scalars("train/loss")] == [2.0]


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icv_lightning.loggers.tensorboard_tracker.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'icv-lightning\[tensorboard\]'"):
        TensorBoardTracker(tmp_path)
