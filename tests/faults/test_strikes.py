"""A grid that is killed at every moment that matters ends as an undisturbed one does."""

import contextlib
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import lightning
import pytest

from tests.conftest import TINY
from tests.faults.strikes import MOMENTS, broken, facts, noted, run, strike

EPOCHS = 2
GRID = [
    "-m", *TINY, f"trainer.max_epochs={EPOCHS}", "loss.lambda=0.05,0.5", "threads=1",
    "+callbacks.spy={_target_:tests.spies.NoteEpochs}",
]  # fmt: skip
FILES = [
    "a snapshot is half on disk",
    "metrics.csv has its name, the checkpoint not yet",
    "a checkpoint is half on disk",
    "a checkpoint takes its name",
    "results.json takes its name",
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, ...]]:
    """Return the facts of the grid that nobody touched."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder, GRID) == 0, (folder / "said").read_text()
    assert noted(folder / "outputs", "epoch") == 2 * EPOCHS
    return facts(folder / "outputs")


def struck(folder: Path, signum: int, moments: list[str], check: Callable[[int | None, str], None]) -> None:
    outputs = folder / "outputs"
    for number, moment in enumerate(moments, 1):
        status = run(folder, GRID, partial(strike, moment, signum))
        check(status, (folder / "said").read_text())
        assert broken(outputs) == [], moment
        assert noted(outputs, "epoch") <= 2 * EPOCHS + number, moment
    assert run(folder, GRID) == 0, (folder / "said").read_text()
    assert broken(outputs) == []
    assert run(folder, GRID) == 0
    assert (folder / "said").read_text().count("already completed") == 2


@pytest.mark.parametrize(
    "moments",
    [FILES, pytest.param(list(MOMENTS), marks=pytest.mark.slow)],
    ids=["while files are written", "everywhere"],
)
def test_a_grid_that_is_killed_ends_as_an_undisturbed_one(
    tmp_path: Path, undisturbed, moments: list[str]
) -> None:
    """Kills, one after another, of one and the same grid; each loses one epoch at most."""

    def check(status: int | None, said: str) -> None:
        assert status == -signal.SIGKILL, said

    struck(tmp_path, signal.SIGKILL, moments, check)
    assert facts(tmp_path / "outputs") == undisturbed
    hidden = [path.name for path in (tmp_path / "outputs").glob("*/*/**/.*.part")]
    assert hidden == [], "what kills left half-written is cleared away"


def swallow() -> None:
    """Ask the process to stop where what that raises is lost, as while an extension module is imported."""
    seed_everything = lightning.seed_everything

    def swallowing(*args: object, **options: object) -> None:
        seed_everything(*args, **options)
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)

    lightning.seed_everything = swallowing


def test_a_request_to_stop_is_not_lost_in_an_import(tmp_path: Path) -> None:
    assert run(tmp_path, GRID, swallow) == 130
    assert "the same command goes on" in (tmp_path / "said").read_text()
    assert noted(tmp_path / "outputs", "epoch") == 0


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_grid_that_is_stopped_at_each_moment_says_how_to_go_on(
    tmp_path: Path, undisturbed, signum: int
) -> None:
    def check(status: int | None, said: str) -> None:
        assert status == 130, said
        assert "the same command goes on" in said
        assert "Traceback" not in said

    struck(tmp_path, signum, list(MOMENTS), check)
    assert facts(tmp_path / "outputs") == undisturbed
