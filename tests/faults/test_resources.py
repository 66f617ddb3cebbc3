"""A machine that gives out: no space, no writing, no file handles; a clear line, earlier results stay."""

import os
import resource
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from icv_lightning.records.results import read_results
from tests.conftest import TINY, cells
from tests.faults.strikes import broken, run

CELL = [*TINY, "trainer.max_epochs=1", "threads=1"]


def limit(kind: int, count: int) -> None:
    """Limit a resource of this process; file handles: to `count` more than are open."""
    open_now = len(os.listdir("/proc/self/fd")) if kind == resource.RLIMIT_NOFILE else 0
    resource.setrlimit(kind, (open_now + count, resource.getrlimit(kind)[1]))


def said(folder: Path) -> str:
    return (folder / "said").read_text()


def check_trouble(
    folder: Path, arguments: list[str], words: str, arm: Callable[[], None] | None = None
) -> None:
    """Expect one failure with `words`, no traceback, and nothing half-written."""
    status = run(folder, arguments, arm)
    text = said(folder)
    assert status in (1, 2), text
    assert words in text
    assert "Traceback" not in text
    assert "Logging error" not in text
    assert broken(folder / "outputs") == []


def fill(disk: Path, left: int) -> Path:
    """Fill a file system up, `left` bytes excepted."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        file.write(b"x" * (free.f_bavail * free.f_frsize - left))
    return filler


@pytest.mark.parametrize(
    ("left", "grid"),
    [
        (24_000, []),
        (80_000, ["-m"]),
        pytest.param(0, [], marks=pytest.mark.slow),
        pytest.param(0, ["-m"], marks=pytest.mark.slow),
        pytest.param(24_000, ["-m"], marks=pytest.mark.slow),
        pytest.param(80_000, [], marks=pytest.mark.slow),
    ],
)
def test_a_full_disk(tmp_path: Path, disk: Path, left: int, grid: list[str]) -> None:
    """Nothing can be written; Hydra's files can; the snapshot can, and no checkpoint."""
    assert run(tmp_path, [*grid, *CELL]) == 0, said(tmp_path)
    (first,) = cells(disk)
    before = (first / "results.json").read_bytes()
    filler = fill(disk, left)
    check_trouble(tmp_path, [*grid, *CELL, "seed=1"], "No space left on device")
    assert (first / "results.json").read_bytes() == before
    filler.unlink()
    assert run(tmp_path, [*grid, *CELL, "seed=1"]) == 0, said(tmp_path)
    assert len(cells(disk)) == 2


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    arm = partial(limit, resource.RLIMIT_FSIZE, 20_000)
    check_trouble(tmp_path, CELL, "File too large", arm)
    (failed,) = cells(tmp_path / "outputs")
    assert "File too large" in (read_results(failed) or {})["cause"]
    assert run(tmp_path, CELL) == 0


@pytest.mark.parametrize("grid", [[], ["-m"]], ids=["run", "grid"])
def test_outputs_that_cannot_be_written(tmp_path: Path, disk: Path, grid: list[str]) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    check_trouble(tmp_path, [*grid, *CELL], "paths.outputs=outputs name=runs: cannot be written")
    assert len(said(tmp_path).splitlines()) == 1
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize(
    "handles", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 2))]
)  # 3 are enough
def test_no_more_file_handles(tmp_path: Path, handles: int) -> None:
    check_trouble(tmp_path, CELL, "Too many open files", partial(limit, resource.RLIMIT_NOFILE, handles))
