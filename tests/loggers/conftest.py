"""A grid of three cells with every logger at once: one fails after its first epoch and is resumed."""

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.run import __main__ as run
from tests.conftest import TINY_WITH_FIGURES, cells, once

API_KEY = "0123456789abcdef" * 3  # of nobody


@dataclass
class Grid:
    """The run folders by λ, all that was printed, and the failed run's events before its resumption."""

    folder: Path
    cells: dict[str, Path]
    output: str
    failed_events: bytes


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_API_KEY", API_KEY)
        folder = once(tmp_path_factory, "loggers", functools.partial(_train, patch))
        patch.chdir(folder)
        patch.setenv("HOME", str(folder / "home"))
        output, events = (folder / "output.txt").read_text(), (folder / "failed_events").read_bytes()
        yield Grid(folder, _by_lambda(folder), output, events)


def _by_lambda(folder: Path) -> dict[str, Path]:
    return {path.name.split("-")[3][1:]: path for path in cells(folder / "outputs")}


def _train(patch: pytest.MonkeyPatch, folder: Path) -> None:
    written = LastCheckpoint.on_train_epoch_end
    output = io.StringIO()

    def fail(self: LastCheckpoint, trainer: Any, module: Any) -> None:
        written(self, trainer, module)
        if module.loss.weight == 0.5:
            raise RuntimeError("power cut")

    def main(*arguments: str) -> int:
        fixed = ("trainer.max_epochs=2", "logger=many", *TINY_WITH_FIGURES)
        patch.setattr(sys, "argv", ["run", *arguments, *fixed])
        with pytest.raises(SystemExit) as end, contextlib.redirect_stdout(output):
            run.main()
        return int(end.value.code or 0)

    patch.chdir(folder)
    patch.setenv("HOME", str(folder / "home"))
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(LastCheckpoint, "on_train_epoch_end", fail)
        assert main("-m", "name=three", "loss.lambda=0.05,0.5,1") == 1
    (events,) = (_by_lambda(folder)["0.5"] / "tensorboard").glob("events*")
    (folder / "failed_events").write_bytes(events.read_bytes())
    assert main("name=three", "loss.lambda=0.5") == 0
    (folder / "output.txt").write_text(output.getvalue())


def wandb_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of an offline W&B run, by W&B's own reader."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", str(folder), "--json"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def wandb_summary(folder: Path) -> dict[str, Any]:
    """Return state, summary and configuration of an offline W&B run, by W&B's own reader."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", str(folder), "--summary", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def offline_run(cell: Path) -> Path:
    """Return the folder of a cell's only offline W&B run."""
    (folder,) = cell.glob("wandb/offline-run-*")
    return folder


def everything_below(folder: Path) -> Iterator[bytes]:
    """Yield the content of every file."""
    for path, _, names in os.walk(folder):
        yield from (Path(path, name).read_bytes() for name in names)
