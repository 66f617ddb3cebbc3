"""Trials: ordinary runs, which may fail, crash or be stopped."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, TINY
from tests.search.conftest import BASE, Runs, rows_of

pytest.importorskip("optuna")


def test_equal_parameters_train_nothing_again(main: Callable[..., int], runs: Runs, tmp_path: Path) -> None:
    space = ("~search.space.loss", "search.space.model.embedding_dim.choices=[2,4]")
    assert main(*BASE, *space, "search.trials=6") == 0
    assert len(rows_of(tmp_path / "outputs" / "look")) == 6
    assert len(runs.asked) == 2


def test_a_failed_trial_is_told_so_and_the_search_goes_on(
    main: Callable[..., int], runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.value = lambda weight, dim: math.nan if weight < 0.03 else weight
    assert main(*BASE, "search.trials=12") == 0
    rows = rows_of(tmp_path / "outputs" / "look")
    low = [row for row in rows if float(row["loss.lambda"]) < 0.03]
    assert low
    assert all(row["state"] == "fail" and not row["val/acc_nearest_class_mean"] for row in low)
    assert all(row["state"] == "complete" for row in rows if row not in low)


@pytest.mark.parametrize(
    ("code", "status", "asked"), [(1, 1, 3), (-9, 1, 3), (-11, 1, 3), (-15, 130, 1), (-2, 130, 1)]
)
def test_what_crashes_is_failed_and_what_is_stopped_is_left_open(
    main: Callable[..., int], runs: Runs, code: int, status: int, asked: int
) -> None:
    runs.code = code
    assert main(*BASE, "search.trials=3") == status
    assert len(runs.asked) == asked


def test_two_searches_in_one_folder_are_refused(
    main: Callable[..., int], runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import fcntl

    (tmp_path / "outputs" / "look").mkdir(parents=True)
    with (tmp_path / "outputs" / "look" / "search.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(*BASE) == 2
    assert "still at work here" in capsys.readouterr().err
    assert not runs.asked


@pytest.mark.slow
def test_killed_with_its_run_it_goes_on_from_the_last_checkpoint(tmp_path: Path) -> None:
    """SIGKILL to the search and its run; then the same command, and an undisturbed search elsewhere."""
    settings = (*TINY, "search=lambda_dim", "data.val_size=300", "search.trials=2", "trainer.max_epochs=8")
    command = [sys.executable, "-m", "icv_lightning.search", *settings]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def start(name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, f"name={name}"], cwd=tmp_path, env=environment, start_new_session=True
        )

    first = start("killed")
    while not list(tmp_path.glob("outputs/killed/*/checkpoints/last.ckpt")):
        assert first.poll() is None
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    (folder,) = tmp_path.glob("outputs/killed/digits-*")
    assert not (folder / "results.json").exists()
    done = len((folder / "metrics.csv").read_text().splitlines()) - 1
    assert start("killed").wait() == 0
    assert start("whole").wait() == 0
    assert 0 < done < 8
    assert rows_of(tmp_path / "outputs" / "killed") == rows_of(tmp_path / "outputs" / "whole")
