"""What a grid shows of its cells, read from their folders alone."""

import io

import pytest
from filelock import FileLock
from rich.console import Console

from icv_lightning.grid import progress
from icv_lightning.grid.cell_progress import CellProgress
from icv_lightning.grid.progress import Display, watched
from tests.grid.conftest import finish, rows, start


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
