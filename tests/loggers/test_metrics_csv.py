"""metrics.csv, one row an epoch."""

import csv
from pathlib import Path

import pytest

from icv_lightning.loggers import MetricsCSV
from icv_lightning.records import files


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def log_epoch(logger: MetricsCSV, epoch: int, loss: float) -> None:
    """As the trainer logs the evaluation of its 0-based `epoch`."""
    logger.log_metrics({"epoch": epoch, "train/loss": loss, "test/acc": loss / 10}, step=10 * (epoch + 1))


def test_a_row_an_epoch_counted_from_1(tmp_path):
    logger = MetricsCSV(tmp_path)
    log_epoch(logger, 0, 2.0)
    log_epoch(logger, 1, 1.0)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == [
        "epoch,step,test/acc,train/loss",
        "1,10,0.2,2.0",
        "2,20,0.1,1.0",
    ]


def test_what_is_logged_for_one_epoch_stands_in_one_row_the_later_value(tmp_path):
    logger = MetricsCSV(tmp_path)
    logger.log_metrics({"epoch": 0, "train/loss": 2.0}, step=10)
    logger.log_metrics({"epoch": 0, "train/loss": 1.0, "val/acc": 0.5}, step=12)
    assert rows(tmp_path) == [{"epoch": "1", "step": "12", "train/loss": "1.0", "val/acc": "0.5"}]


def test_the_final_test_is_of_the_last_epoch(tmp_path):
    logger = MetricsCSV(tmp_path)
    log_epoch(logger, 0, 2.0)
    log_epoch(logger, 1, 1.0)
    logger.log_metrics({"epoch": 2, "test/acc": 0.9, "test/var_within": 3.0}, step=20)
    first, last = rows(tmp_path)
    assert last == {
        "epoch": "2", "step": "20", "test/acc": "0.9", "test/var_within": "3.0", "train/loss": "1.0"
    }  # fmt: skip
    assert first["test/acc"] == "0.2"
    assert first["test/var_within"] == ""


def test_a_resumed_run_keeps_the_rows_before_its_own_and_drops_the_others(tmp_path):
    first = MetricsCSV(tmp_path)
    for epoch in range(4):
        log_epoch(first, epoch, 10.0 + epoch)
    resumed = MetricsCSV(tmp_path)
    resumed.start({}, resumed=True)
    log_epoch(resumed, 2, 1.0)
    assert [(row["epoch"], row["train/loss"]) for row in rows(tmp_path)] == [
        ("1", "10.0"), ("2", "11.0"), ("3", "1.0")
    ]  # fmt: skip


def test_a_run_resumed_at_its_end_only_adds_the_final_test(tmp_path):
    first = MetricsCSV(tmp_path)
    log_epoch(first, 0, 2.0)
    log_epoch(first, 1, 1.0)
    resumed = MetricsCSV(tmp_path)
    resumed.start({}, resumed=True)
    resumed.log_metrics({"epoch": 2, "test/acc": 0.9}, step=20)
    assert [(row["epoch"], row["train/loss"], row["test/acc"]) for row in rows(tmp_path)] == [
        ("1", "2.0", "0.2"), ("2", "1.0", "0.9")
    ]  # fmt: skip


def test_a_run_from_the_start_drops_what_stood_there(tmp_path):
    first = MetricsCSV(tmp_path)
    for epoch in range(3):
        log_epoch(first, epoch, 9.0)
    (tmp_path / "metrics.csv").write_bytes(b"\xff damaged")
    fresh = MetricsCSV(tmp_path)
    fresh.start({}, resumed=False)
    log_epoch(fresh, 0, 1.0)
    assert [row["train/loss"] for row in rows(tmp_path)] == ["1.0"]


def test_what_is_logged_without_an_epoch_has_no_row(tmp_path):
    logger = MetricsCSV(tmp_path)
    log_epoch(logger, 0, 2.0)
    logger.log_metrics({"lr-Adam": 0.001}, step=10)  # Lightning's LearningRateMonitor
    assert rows(tmp_path) == [{"epoch": "1", "step": "10", "test/acc": "0.2", "train/loss": "2.0"}]


def test_an_interrupted_write_leaves_the_file_whole(tmp_path, monkeypatch):
    logger = MetricsCSV(tmp_path)
    log_epoch(logger, 0, 2.0)
    before = (tmp_path / "metrics.csv").read_bytes()

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        log_epoch(logger, 1, 1.0)
    assert (tmp_path / "metrics.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_hyperparameters_are_not_its_business(tmp_path):
    MetricsCSV(tmp_path).log_hyperparams({"lr": 1})
    assert not list(tmp_path.iterdir())


def test_the_folder_is_the_identity(tmp_path):
    logger = MetricsCSV(str(tmp_path))
    assert (logger.name, logger.version, logger.save_dir) == ("csv", "", str(tmp_path))


@pytest.mark.parametrize("val_size", [0, 100])
def test_of_a_real_run(digits_run, val_size):
    run = (
        digits_run(epochs=3, every=2, val_size=100) if val_size else digits_run(epochs=2, every=1, val_size=0)
    )
    table = rows(run.folder)
    watched = "val" if val_size else "test"
    kinds = {
        "loss", "loss_ce", "loss_var", "acc", "acc_nearest_centroid", "acc_nearest_class_mean", "var_within",
        "var_between", "var_ratio", "within_pc1", "within_pc2", "nc1", "nc2_norms", "nc2_angles", "nc3",
        "nc4", "acc_macro", "f1_macro",
    }  # fmt: skip
    parts = {"train", "test", watched}
    final_alone = {f"test/{kind}" for kind in ("recall_at_1", "r_precision", "map_at_r")}
    distances = {"spacing", "centroid_lag", "tail", "distance_median", "distance_p99"}
    of_train = {f"train/{kind}" for kind in distances}
    logged = {f"{part}/{kind}" for part in parts for kind in kinds} | final_alone | of_train
    assert set(table[0]) == {"epoch", "step"} | logged
    assert [row["epoch"] for row in table] == [str(e + 1) for e in range(run.trainer.max_epochs)]
    assert int(table[-1]["step"]) == run.trainer.global_step
    final = {key: float(value) for key, value in table[-1].items() if key.startswith("test/")}
    assert final == pytest.approx(run.module.measured()["metrics"])
    assert all(row[f"{watched}/acc"] for row in table)
    assert all(row["test/acc"] == "" for row in table[:-1]) == bool(val_size)
