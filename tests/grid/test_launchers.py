"""Grids under every launcher, as a user starts them: equal results, own devices, killed workers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conftest import ROOT, TINY, cells, once

pytestmark = pytest.mark.slow  # each start of a worker imports torch; Ray itself takes seconds
Command = Callable[..., CompletedProcess[str]]
GRID = ("-m", *TINY, "trainer.max_epochs=2", "threads=1", "trainer.accelerator=cpu")
TWO, THREE = "loss.lambda=0,0.5", "loss.lambda=0,0.5,1"
SPY = "+callbacks.spy={_target_:tests.spies."
NEVER = SPY + "KillOnce,at_lambda:7}"


def equal_part(folder: Path) -> dict[str, object]:
    results = json.loads((folder / "results.json").read_text())
    assert results["status"] == "completed"
    return {key: results[key] for key in ("cell", "metrics", "config_hash", "confusion")}


def grid(command: Command, *more: str) -> CompletedProcess[str]:
    return command(*GRID, *more, PYTHONPATH=str(ROOT), PYTHONWARNINGS="ignore")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What the cells of `THREE` hold where nothing is killed, without a launcher's workers."""
    folder = once(tmp_path_factory, "undisturbed", start_undisturbed)
    return {cell.name: equal_part(cell) for cell in cells(folder / "outputs")}


def start_undisturbed(folder: Path) -> None:
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    words = [sys.executable, "-m", "icv_lightning.run", *GRID, THREE, NEVER, "hydra/launcher=basic"]
    done = subprocess.run(words, cwd=folder, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("launcher", ["joblib", "ray", "submitit_local"])
def test_results_are_equal_across_launchers(command: Command, tmp_path: Path, undisturbed, launcher) -> None:
    done = grid(command, THREE, NEVER, f"hydra/launcher={launcher}")
    assert done.returncode == 0, done.stderr
    assert "3/3 cells" in done.stderr
    assert {cell.name: equal_part(cell) for cell in cells(tmp_path / "outputs")} == undisturbed


def test_ray_gives_each_cell_a_device_of_its_own(command: Command, tmp_path: Path) -> None:
    spy = SPY + "NoteDevices}"
    done = grid(
        command, spy, TWO, "seed=0,1", "hydra/launcher=ray", "hydra.launcher.ray.init.num_gpus=2",
        "gpu_share=1", "hydra.launcher.ray.init.num_cpus=4", "hydra.launcher.ray.remote.num_cpus=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    noted = [path.read_text().split() for path in tmp_path.glob("outputs/*/*/devices.txt")]
    assert len({pid for pid, _ in noted}) == 4  # a process for each cell
    assert sorted({device for _, device in noted}) == ["0", "1"]


def test_shares_of_a_gpu_are_given_on_request(command: Command, tmp_path: Path) -> None:
    spy = SPY + "NoteDevices}"
    done = grid(
        command, spy, TWO, "hydra/launcher=ray", "hydra.launcher.ray.init.num_gpus=1", "gpu_share=0.5",
        "hydra.launcher.ray.init.num_cpus=4", "hydra.launcher.ray.remote.num_cpus=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {path.read_text().split()[1] for path in tmp_path.glob("outputs/*/*/devices.txt")} == {"0"}


def test_two_commands_on_one_folder_do_each_cell_once(command: Command, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: grid(command, TWO), range(2)))
    assert [done.returncode for done in both] == [0, 0], both[0].stderr + both[1].stderr
    seconds = [re.findall(r"([0-9.]+) *│$", done.stdout, re.MULTILINE) for done in both]
    assert len(seconds[0]) == 2
    assert seconds[0] == seconds[1]  # both show the results of the one training


@pytest.mark.parametrize("launcher", ["ray", "submitit_local", "joblib"])
def test_a_killed_worker(command: Command, tmp_path: Path, undisturbed, launcher: str) -> None:
    """Under Ray and submitit the other cells go on; everywhere the same command brings what is missing."""
    settings = (f"hydra/launcher={launcher}", THREE, SPY + "KillOnce,at_lambda:0.5}")
    first = grid(command, *settings)
    status = {f.name.split("-")[3]: json.loads((f / "results.json").read_text())["status"]
              for f in cells(tmp_path / "outputs")}  # fmt: skip
    if launcher == "ray":
        assert first.returncode == 0, first.stdout + first.stderr
    else:
        assert first.returncode == 1
        assert "interrupted: digits-d2-raw-l0.5-" in first.stdout
        assert "Traceback" not in first.stdout + first.stderr
    if launcher != "joblib":
        assert {"l0", "l1"} <= {name for name, word in status.items() if word == "completed"}
    assert grid(command, *settings).returncode == 0
    ended = [equal_part(cell)["metrics"] for cell in cells(tmp_path / "outputs")]
    assert sorted(map(str, ended)) == sorted(str(part["metrics"]) for part in undisturbed.values())
