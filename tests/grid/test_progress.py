"""What a grid shows of its cells, read from their folders alone."""

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from rich.console import Console

from icv_lightning.grid import progress
from icv_lightning.grid.cell_progress import CellProgress
from icv_lightning.grid.progress import Display, watched


@pytest.fixture
def config(tmp_path: Path):
    """Make what a display reads of a checked cell in the folder `name`, which is its hash too."""

    def make(name: str, epochs: int = 4, force: bool = False) -> SimpleNamespace:
        folder = tmp_path / "grid" / name
        settings = {"paths": {"run": str(folder)}, "trainer": {"max_epochs": epochs}, "force": force}
        return SimpleNamespace(folder=folder, config=settings, hash=name)

    return make


def start(folder: Path) -> None:
    (folder / ".hydra").mkdir(parents=True, exist_ok=True)
    stamped(folder / ".hydra" / "overrides.yaml", "[]")


def finish(folder: Path, status: str = "completed", hash: str | None = None, **more: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results = {"status": status, "config_hash": hash or folder.name, "seconds": 2.0, "metrics": {}, **more}
    stamped(folder / "results.json", json.dumps(results))


def stamped(path: Path, text: str) -> None:
    """Write a file whose time differs from that before, however coarse the clock."""
    before = path.stat().st_mtime_ns if path.exists() else 1_000_000_000
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000_000,) * 2)


def rows(folder: Path, epochs: int) -> None:
    (folder / "metrics.csv").write_text("epoch\n" + "".join(f"{k + 1}\n" for k in range(epochs)))


def test_a_cell_goes_from_waiting_to_completed(config):
    cell = CellProgress(config("a"))
    assert (cell.state, cell.epoch, cell.ended) == ("waiting", 0, False)
    start(cell.folder)
    cell.look()
    assert (cell.state, cell.epoch) == ("running", 0)
    rows(cell.folder, 3)
    cell.look()
    assert (cell.state, cell.epoch) == ("running", 3)
    finish(cell.folder)
    cell.look()
    assert (cell.state, cell.epoch, cell.ended, cell.well) == ("completed", 4, True, True)


def test_a_cell_can_fail_and_an_old_failure_is_not_this_one(config):
    finish(config("a").folder, "failed", cause="old")
    cell = CellProgress(config("a"))
    assert cell.state == "waiting"
    start(cell.folder)
    cell.look()
    assert cell.state == "running"
    finish(cell.folder, "failed", cause="RuntimeError: new")
    cell.look()
    assert (cell.state, cell.results["cause"], cell.ended, cell.well) == (
        "failed",
        "RuntimeError: new",
        True,
        False,
    )


def test_what_is_completed_before_is_said_unless_it_is_done_again(config):
    finish(config("a").folder)
    assert CellProgress(config("a")).state == "already completed"
    cell = CellProgress(config("a", force=True))
    rows(cell.folder, 4)
    cell.look()
    assert (cell.state, cell.epoch) == ("waiting", 0)


def test_results_of_another_configuration_do_not_count(config):
    finish(config("a").folder, hash="another")
    assert CellProgress(config("a")).state == "waiting"


def test_a_broken_file_is_no_result(config):
    cell = CellProgress(config("a"))
    cell.folder.mkdir(parents=True)
    (cell.folder / "results.json").write_text('{"status": "compl')
    cell.look()
    assert cell.state == "waiting"


def test_a_cell_is_alive_while_its_lock_is_held(config):
    cell = CellProgress(config("a"))
    assert not cell.alive
    start(cell.folder)
    with FileLock(cell.folder / ".lock"):
        assert cell.alive
    assert not cell.alive


def test_the_time_left_follows_the_pace_of_the_epochs(config, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    finish(config("a").folder)
    start(config("b").folder)
    rows(config("b").folder, 1)  # of an earlier, interrupted command
    cells = [CellProgress(config(name)) for name in "abc"]
    display = Display(cells, Console(file=io.StringIO()))
    assert display.line() == "1/3 cells · 0 running · 0 failed"
    start(cells[1].folder)
    rows(cells[1].folder, 3)
    now[0] = 120.0
    display.look()  # 2 epochs in 20 seconds; 1 + 4 are left
    assert display.seconds_left() == 50
    assert display.line() == "1/3 cells · 1 running · 0 failed · 0:00:50 left"


def test_without_a_terminal_each_cell_that_ends_gives_one_line(config):
    text = io.StringIO()
    cells = [CellProgress(config(name)) for name in "ab"]
    display = Display(cells, Console(file=text, soft_wrap=True))
    finish(cells[0].folder)
    finish(cells[1].folder, "failed", cause="[bold]RuntimeError: memory[/bold]")
    for _ in range(2):
        display.look()
    assert text.getvalue().splitlines() == [
        "a: completed in 2.0 s (1/2 cells · 0 running · 1 failed · 0:00:00 left)",
        "failed: b: [bold]RuntimeError: memory[/bold]",
    ]


@pytest.mark.parametrize(
    ("ending", "status", "words"),
    [
        (None, 0, "completed"),
        (KeyboardInterrupt(), 130, "the grid was stopped: interrupted"),
        (SystemExit(1), 130, "the grid was stopped: interrupted"),
        (SystemExit(), 130, "the grid was stopped: interrupted"),
        (RuntimeError("worker died\nof hunger"), 1, "the grid was stopped: RuntimeError: of hunger"),
    ],
)
def test_the_end_of_a_grid(config, monkeypatch, capsys, ending, status, words):
    monkeypatch.setattr(progress, "WORKER_TIMEOUT", 0.0)
    folders = [config(name).folder for name in "abc"]

    def launch() -> None:
        start(folders[0])
        finish(folders[0], metrics={"test/acc": 0.98765})
        if ending:
            start(folders[1])
            raise ending
        for folder in folders[1:]:
            finish(folder)

    assert watched([config(name) for name in "abc"], launch) == status
    output = capsys.readouterr().out
    assert words in output
    assert "0.9877" in output
    assert ("the same command goes on" in output) == (ending is not None)
    assert ("interrupted: b: left no results; its process ended" in output) == (ending is not None)
    assert ("not started" in output) == (ending is not None)
    assert f"python -m icv_lightning.report {folders[0].parent}" in output


def test_after_a_launchers_end_the_cells_of_other_processes_are_waited_for(config, monkeypatch, capsys):
    monkeypatch.setattr(progress, "WORKER_TIMEOUT", 0.05)
    monkeypatch.setattr(progress, "POLL_INTERVAL", 0.01)
    folder = config("a").folder
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 20:  # long after the time in which a dead one would be given up
            finish(folder)

    def launch() -> None:
        start(folder)
        lock.acquire()
        raise RuntimeError("another worker died")

    lock = FileLock(folder / ".lock")
    monkeypatch.setattr(progress.time, "sleep", nap)
    assert watched([config("a")], launch) == 0
    assert len(naps) >= 20
    lock.release()
