"""W&B's offline record, read back with W&B's own reader."""

import csv
import json
import logging
import os
import subprocess
import sys
from glob import glob
from pathlib import Path
from typing import Any

import pytest

from icv_lightning.errors import UserError
from icv_lightning.loggers import WandbTracker
from icv_lightning.records.results import read_results, shareable
from tests.loggers.conftest import API_KEY, Grid, everything_below, offline_run, wandb_records, wandb_summary

LAMBDAS = ("0.05", "0.5", "1")
SETTINGS: dict[str, Any] = {"name": "sweep", "data": {"name": "digits"}, "loss": {"lambda": 0.0}}


@pytest.fixture(scope="module")
def summaries(grid: Grid) -> dict[str, dict[str, Any]]:
    return {key: wandb_summary(offline_run(grid.cells[key])) for key in LAMBDAS}


@pytest.fixture(scope="module")
def records(grid: Grid) -> dict[str, list[dict[str, Any]]]:
    return {key: wandb_records(offline_run(grid.cells[key])) for key in LAMBDAS}


def history(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record["history"]["item"] for record in records if record["type"] == "history"]


def test_every_cell_is_a_finished_run_of_its_own(grid: Grid, summaries: dict[str, dict[str, Any]]) -> None:
    assert [s["state"] for s in summaries.values()] == ["finished"] * 3
    assert [s["exit_code"] for s in summaries.values()] == [0] * 3
    assert len({s["run_id"] for s in summaries.values()}) == 3
    for key, summary in summaries.items():
        assert summary["name"] == grid.cells[key].name
        assert summary["run_id"].startswith(grid.cells[key].name.rsplit("-", 1)[1])


@pytest.mark.parametrize("key", LAMBDAS)
def test_group_job_type_tags_and_resolved_configuration(
    grid: Grid, summaries: dict[str, dict[str, Any]], records: dict[str, list[dict[str, Any]]], key: str
) -> None:
    (said,) = [record["run"] for record in records[key] if record["type"] == "run"]
    assert (said["run_group"], said["job_type"], said["project"]) == ("three", "train", "icv-lightning")
    assert said["tags"] == ["digits", f"lambda={key}"]
    config = summaries[key]["config"]
    results = read_results(grid.cells[key]) or {}
    for group in ("model", "centroids", "loss", "data", "optimizer", "trainer"):
        recorded = {key: value for key, value in results["config"][group].items() if key != "about"}
        assert shareable({group: config[group]})[group] == recorded  # a record names no place
    assert config["num_parameters"] == results["num_parameters"]


@pytest.mark.parametrize("key", LAMBDAS)
def test_history_is_metrics_csv_and_summary_is_results_json(
    grid: Grid, summaries: dict[str, dict[str, Any]], records: dict[str, list[dict[str, Any]]], key: str
) -> None:
    with (grid.cells[key] / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    results = read_results(grid.cells[key]) or {}
    told = [row for row in history(records[key]) if "train/loss" in row]
    assert [row["epoch"] for row in told] == [1, 2]
    for row, item in zip(rows, told, strict=True):
        # The last row of the file is the final test's, which also has keys of its own.
        final = set(results["metrics"]) if row is rows[-1] else set()
        logged = {column for column, value in row.items() if value} - {"epoch", "step"} - final
        assert {"train/loss", "train/acc_nearest_class_mean", "train/var_within"} <= logged
        for column in logged:
            assert item[column] == pytest.approx(float(row[column]), rel=1e-12)
    summary = summaries[key]["summary"]
    assert {k: summary[k] for k in results["metrics"]} == pytest.approx(results["metrics"], rel=1e-12)
    assert (summary["status"], summary["epoch"]) == ("completed", 2)
    assert summary["train/images_per_second"] > 0
    assert "train/images_per_second" not in rows[0]


@pytest.mark.parametrize("key", LAMBDAS)
def test_pictures_and_tables_are_there(
    grid: Grid, summaries: dict[str, dict[str, Any]], records: dict[str, list[dict[str, Any]]], key: str
) -> None:
    files = offline_run(grid.cells[key]) / "files"
    drawn = [row for row in history(records[key]) if "test/embeddings.path" in row]
    assert [row["epoch"] for row in drawn] == [1, 2]
    for epoch, row in enumerate(drawn, 1):
        own = grid.cells[key] / "figures" / "test" / "embeddings" / f"epoch_{epoch:03d}.png"
        assert _pixels(files / row["test/embeddings.path"]) == _pixels(own)
    summary = summaries[key]["summary"]
    for name in ("test/confusion", "test/var_within_per_class"):
        assert (files / summary[name]["path"]).exists()
    sample = json.loads((files / summary["test/sample"]["path"]).read_text())
    assert len(sample["data"]) == summary["test/sample"]["nrows"] == 360
    assert sample["columns"] == [
        "image", "index", "target", "pred", "nearest_centroid", "right", "distance_own", "distance_other",
        "z1", "z2",
    ]  # fmt: skip
    table = [dict(zip(sample["columns"], row, strict=True)) for row in sample["data"]]
    accuracy = (read_results(grid.cells[key]) or {})["metrics"]
    assert sum(row["right"] for row in table) / 360 == pytest.approx(accuracy["test/acc"])
    nearest = sum(row["nearest_centroid"] == row["target"] for row in table) / 360
    assert nearest == pytest.approx(accuracy["test/acc_nearest_centroid"])
    assert all(
        (row["nearest_centroid"] == row["target"]) == (row["distance_own"] < row["distance_other"])
        for row in table
    )
    assert summary["test/per_class"]["nrows"] == 10


def test_what_sync_will_upload_lies_in_the_run_s_folder(
    grid: Grid, records: dict[str, list[dict[str, Any]]]
) -> None:
    contents = [
        entry["local_path"]
        for record in records["1"]
        if record["type"] == "artifact"
        for entry in record["artifact"]["manifest"]["contents"]
        if "local_path" in entry
    ]
    assert len(contents) > 300
    assert all(Path(path).is_relative_to(grid.cells["1"]) and Path(path).exists() for path in contents)
    assert "WANDB_DATA_DIR" not in os.environ


def test_a_failed_run_says_so_and_its_resumption_is_the_same_run_and_whole(
    grid: Grid, summaries: dict[str, dict[str, Any]], records: dict[str, list[dict[str, Any]]]
) -> None:
    (partial,) = grid.cells["0.5"].glob("wandb/replaced-offline-run-*")
    failed = wandb_summary(next(partial.glob("*.wandb")))
    assert (failed["state"], failed["exit_code"]) == ("failed", 1)
    assert failed["summary"]["status"] == "failed"
    assert failed["summary"]["cause"] == "RuntimeError: power cut"
    assert failed["summary"]["epoch"] == 1
    assert failed["run_id"] == summaries["0.5"]["run_id"]
    assert "cause" not in summaries["0.5"]["summary"]
    assert [row["epoch"] for row in history(records["0.5"]) if "train/loss" in row] == [1, 2]


def test_the_line_that_uploads_names_what_was_written(grid: Grid) -> None:
    lines = [line for line in grid.output.splitlines() if "wandb sync" in line]
    first, *others = [line.partition("wandb sync ")[2] for line in lines]
    assert grid.folder / first == offline_run(grid.cells["0.05"])
    for pattern in others:
        assert set(map(Path, glob(str(grid.folder / pattern)))) == set(map(offline_run, grid.cells.values()))
    assert len(others) == 3


def test_wandb_finds_all_runs_by_that_line(grid: Grid) -> None:
    line = [line for line in grid.output.splitlines() if "wandb sync" in line][-1]
    command = line.partition(": ")[2].replace("wandb sync", f"{sys.executable} -m wandb sync --dry-run")
    done = subprocess.run(command, shell=True, cwd=grid.folder, capture_output=True, text=True, check=True)
    said = done.stdout + done.stderr
    assert "Would sync 3 run(s)" in said
    assert all(cell.name in said for cell in grid.cells.values())


def test_no_key_in_any_file_or_line(grid: Grid) -> None:
    assert API_KEY not in grid.output
    assert not any(API_KEY.encode() in content for content in everything_below(grid.folder))


def start(folder: Path, resumed: bool = False) -> WandbTracker:
    tracker = WandbTracker(folder, project="p", tags=["mine"])
    tracker.start(SETTINGS | {"cell": "digits-12345678"}, resumed)
    return tracker


def test_a_redone_cell_gets_a_new_id_and_a_resumed_one_keeps_it(tmp_path: Path) -> None:
    ids = []
    for resumed in (False, True, False):
        tracker = start(tmp_path, resumed)
        ids.append(tracker.experiment.id)
        tracker.finish(None)
    assert ids[0] == ids[1] != ids[2]
    assert all(name.startswith("12345678-") for name in ids)


def test_stopping_a_run_is_told_from_its_failing(tmp_path: Path) -> None:
    tracker = start(tmp_path)
    tracker.finish(KeyboardInterrupt())
    said = wandb_summary(offline_run(tmp_path))
    assert said["exit_code"] == 255
    assert (said["summary"]["status"], said["summary"]["cause"]) == ("interrupted", "KeyboardInterrupt")


def test_two_runs_in_one_process_do_not_mix_even_when_the_first_was_never_finished(tmp_path: Path) -> None:
    first, second = start(tmp_path / "a"), start(tmp_path / "b")
    second.log_metrics({"epoch": 0, "test/acc": 0.5, "train/loss": 1.0})
    second.finish(None)
    assert first.experiment.id != second.experiment.id
    assert "test/acc" not in wandb_summary(offline_run(tmp_path / "a"))["summary"]
    assert wandb_summary(offline_run(tmp_path / "b"))["summary"]["test/acc"] == 0.5


def test_what_a_callback_logs_without_an_epoch_belongs_to_the_one_in_progress(tmp_path: Path) -> None:
    tracker = start(tmp_path)
    tracker.log_metrics({"epoch": 0, "train/loss": 1.0})
    tracker.log_metrics({"lr-Adam": 0.001})
    tracker.finish(None)
    rows = history(wandb_records(offline_run(tmp_path)))
    assert [(row["epoch"], row.get("lr-Adam")) for row in rows] == [(1, None), (2, 0.001)]


def test_a_dead_tracker_warns_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = start(tmp_path)
    tracker.experiment.finish()  # W&B refuses what comes after
    with caplog.at_level(logging.WARNING):
        tracker.log_metrics({"epoch": 0, "train/loss": 1.0})
        tracker.log_metrics({"epoch": 1, "train/loss": 1.0})
    assert caplog.text.count("wandb stops recording, metrics.csv goes on") == 1
    os.environ.pop("WANDB_DATA_DIR", None)


def test_online_without_a_login_is_refused_when_the_logger_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise UserError("not logged in")

    monkeypatch.setattr("icv_lightning.loggers.wandb_tracker.check_login", refuse)
    with pytest.raises(UserError, match="not logged in"):
        WandbTracker(tmp_path, project="p", offline=False)
    assert not list(tmp_path.iterdir())


def _pixels(path: Path) -> bytes:
    from PIL import Image

    with Image.open(path) as image:
        return image.convert("RGB").tobytes()


def test_what_keeps_wandb_from_starting_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: Any) -> None:
        raise ConnectionError("no\nservice")

    monkeypatch.setattr("wandb.init", refuse)
    with pytest.raises(
        UserError, match=r"^logger\.wandb: W&B does not start \(ConnectionError: no service\)$"
    ):
        start(tmp_path)
