"""One report of a small grid with everything in it, made by the command where torch cannot be imported."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from icv_lightning.records.cells import Cell
from tests.conftest import PATIENCE, ROOT, once
from tests.report.grid import embed, same, write_run, write_whole_grid

HOSTILE = "</script><img src=x onerror=alert(1)>"
NAME = "a <b>&'grid"
CELLS = [
    Cell(data, w, n, u)
    for data in ("mnist", "fashion_mnist")
    for w in (0.0, 0.05)
    for n, u in ((2, False), (2, True), (4, False))
]
WITHOUT_TORCH = """
import runpy, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "lightning", "torchvision", "torchmetrics", "wandb"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
sys.argv = ["report", *sys.argv[1:]]
runpy.run_module("icv_lightning.report", run_name="__main__")
"""


def write_everything(grid: Path) -> Path:
    """Write completed, failed, interrupted and foreign runs."""
    write_whole_grid(grid, seeds=2, epochs=3, train=200, test=150, cells=CELLS)
    write_run(grid, Cell("mnist", 1.0, 2, False), 0, status="failed", epochs=3, suffix="aaaaaaaa")
    write_run(grid, Cell("mnist", 0.5, 2, False), 0, status="running", epochs=3, suffix="bbbbbbbb")
    mine = Cell("mine", 0.05, 2, False)
    write_run(
        grid, mine, 0, same(0.5), epochs=3, suffix="cccccccc", model__name=HOSTILE,
        class_names=[HOSTILE] * 10, snapshots=[embed(mine, 0, 200, 150)] * 3,
    )  # fmt: skip
    results = next(grid.glob("mnist-d2-raw-l1-*")) / "results.json"
    results.write_text(results.read_text().replace("loss is nan", HOSTILE))
    return grid


def run_report(*folders: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process that has no torch."""
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, folders)],
        env=surroundings, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Give the `folder` of the report, the `grid` and what the command printed (`output`)."""

    def make(folder: Path) -> None:
        done = run_report(write_everything(folder / NAME))
        assert done.returncode == 0, done.stderr
        (folder / "output.txt").write_text(done.stdout)

    folder = once(tmp_path_factory, "report", make)
    output = (folder / "output.txt").read_text()
    return SimpleNamespace(folder=folder / NAME / "report", grid=folder / NAME, output=output)


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """The browser and its driver; tests that look at pages skip where one of them is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    return browser, driver
