"""Runs over `trainer.devices=2` as a user types them: whole, stopped, with a process that dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from icv_lightning.records.metrics_file import read_metrics
from icv_lightning.run.processes import rank
from tests.conftest import PATIENCE, TINY, cells, is_running, results

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
COMMAND = [sys.executable, "-m", "icv_lightning.run", *TINY, "trainer.accelerator=cpu", "trainer.devices=2"]


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def second(process: "subprocess.Popen[str]", folder: Path, after: int = 0) -> int:
    """Wait until the run has an epoch beyond `after`; give the number of its second process."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not any(
        max(read_metrics(path.parent), default=0) > after for path in folder.glob("outputs/*/*/metrics.csv")
    ):
        assert process.poll() is None
        time.sleep(0.05)
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children(process.pid)}
    (other,) = (pid for pid, line in lines.items() if "icv_lightning.run.rank" in line)
    return other


def is_gone(pid: int, seconds: float = PATIENCE) -> bool:
    until = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.1)
    return not is_running(pid)


@pytest.mark.slow
def test_two_processes_complete_a_run_that_one_takes_further(tmp_path: Path) -> None:
    status, said = ended(started(tmp_path, "trainer.max_epochs=2"))
    assert status == 0
    assert said.count("WARNING") == 1
    assert "2 processes on a CPU: batch normalisation" in said
    found = results(tmp_path)
    assert found["status"] == "completed"
    assert sum(map(sum, found["confusion"])) == 360
    (cell,) = cells(tmp_path / "outputs")
    assert sorted(read_metrics(cell)) == [1, 2]
    status, said = ended(started(tmp_path, "trainer.max_epochs=2"))
    assert (status, said) == (0, "")  # already completed
    given = f"ckpt_path={cell / 'checkpoints' / 'last.ckpt'}"
    status, said = ended(started(tmp_path, "trainer.max_epochs=3", given, "trainer.devices=1", "name=alone"))
    assert (status, said) == (0, "")
    (longer,) = tmp_path.glob("outputs/alone/*/metrics.csv")
    assert list(read_metrics(longer.parent)) == [3]


@pytest.mark.slow
def test_torchrun_starts_the_processes_too_and_both_find_the_run_completed(tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", *COMMAND[2:]]
    for _ in range(2):
        done = subprocess.run(
            [*launcher, "trainer.max_epochs=1"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert results(tmp_path)["status"] == "completed"
    assert done.stdout.count("already completed") == 1


@pytest.mark.slow
def test_a_process_that_dies_ends_the_run_and_the_same_command_goes_on(tmp_path: Path) -> None:
    process = started(tmp_path, "trainer.max_epochs=200")
    os.kill(second(process, tmp_path), signal.SIGKILL)
    status, said = ended(process)
    assert status == 1
    assert "one of its processes (rank 1) ended with status -9 (see " in said
    assert "Traceback" not in said
    assert results(tmp_path)["cause"] == "RuntimeError: one of its processes (rank 1) ended with status -9"
    done = max(read_metrics(cells(tmp_path / "outputs")[0]))
    process = started(tmp_path, "trainer.max_epochs=200")
    assert is_running(second(process, tmp_path, after=done))
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 130
    (path,) = tmp_path.glob("outputs/*/*/metrics.csv")
    assert max(read_metrics(path.parent)) > done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signum", "to_all"),
    [
        (signal.SIGINT, False),
        (signal.SIGINT, True),
        (signal.SIGTERM, False),
        (signal.SIGTERM, True),
        (signal.SIGKILL, False),
    ],
)
def test_the_other_process_ends_with_the_first(tmp_path: Path, signum: int, to_all: bool) -> None:
    process = started(tmp_path, "trainer.max_epochs=200")
    other = second(process, tmp_path)
    if to_all:
        os.kill(other, signum)
    process.send_signal(signum)
    status, said = ended(process)
    assert is_gone(other)
    assert status == (-signal.SIGKILL if signum == signal.SIGKILL else 130)
    assert "Traceback" not in said
    if signum != signal.SIGKILL:
        assert "the same command goes on" in said


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_told_once(tmp_path: Path) -> None:
    status, said = ended(started(tmp_path, "loss.lambda=1e39"))
    assert status == 1
    assert said.count("is not finite since step 1") == 1
    assert "NonFiniteLossError" in results(tmp_path)["cause"]


@pytest.mark.parametrize(
    ("variables", "devices", "expected"),
    [
        ({}, 2, 0),
        ({"LOCAL_RANK": "1"}, 2, 1),
        ({"RANK": "5", "LOCAL_RANK": "1"}, "auto", 5),
        ({"RANK": "5"}, 1, 0),  # tells of processes that each do a run of their own
    ],
)
def test_a_process_knows_its_rank(
    variables: dict[str, str], devices: Any, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("RANK", "LOCAL_RANK", "SLURM_PROCID"):
        monkeypatch.delenv(key, raising=False)
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    assert rank({"devices": devices}) == expected
    assert rank({}) == expected or devices == 1
