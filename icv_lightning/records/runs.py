"""Runs as they lie on disk: completed, failed, running or interrupted; no file is trusted to be whole."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError
from icv_lightning.escaping import printable
from icv_lightning.records.cells import Cell, cell_of_folder
from icv_lightning.records.snapshots import Snapshot, read_snapshot

GROUPS = ("data", "model", "centroids", "loss", "optimizer", "trainer")
SILENCE = 15 * 60  # seconds without a sign of life after which a run without results counts as interrupted


@dataclass(frozen=True, eq=False)
class Run:
    """One folder of a run.

    Attributes:
        folder: where it is.
        status: "completed", "failed", "running" or "interrupted".
        cell: its place in the grid.
        seed: of the run.
        cause: why there are no numbers: the failure, or how far the run has come.
        config: the groups of its configuration, resolved; empty where they cannot be read.
        results: what results.json holds; empty where there is none.
    """

    folder: Path
    status: str
    cell: Cell
    seed: int
    cause: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Return the final `test/…` values of a completed run."""
        return (self.results.get("metrics") or {}) if self.status == "completed" else {}

    @property
    def max_epochs(self) -> int | None:
        """Return the epochs that were asked for."""
        return self.config.get("trainer", {}).get("max_epochs")

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Return metrics.csv by epoch, empty where it cannot be read."""
        try:
            return pd.read_csv(self.folder / "metrics.csv").set_index("epoch").sort_index()
        except (OSError, ValueError, KeyError):
            return pd.DataFrame()

    @cached_property
    def epochs(self) -> dict[int, Path]:
        """Return the snapshot files by epoch."""
        found = {}
        for path in (self.folder / "embeddings").glob("epoch_*.npz"):
            if number := re.fullmatch(r"epoch_(\d+)", path.stem):
                found[int(number[1])] = path
        return dict(sorted(found.items()))

    def snapshot(self, epoch: int) -> Snapshot | None:
        """Return the snapshot of `epoch`, None where it is not there or not whole."""
        return read_snapshot(self.epochs[epoch]) if epoch in self.epochs else None

    @property
    def last_snapshot(self) -> Snapshot | None:
        """Return the snapshot of the last epoch, read anew: hundreds of runs do not fit in memory."""
        return self.snapshot(max(self.epochs)) if self.epochs else None


def read_runs(folders: Iterable[Path]) -> list[Run]:
    """Return the runs one level below `folders`, sorted by cell and seed.

    Raises:
        UserError: not a folder, or no run in any of them.
    """
    folders = list(folders)
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; give the folder of a grid, e.g. outputs/paper_grid")
    runs = [run for folder in folders for run in _runs_below(folder)]
    if not runs:
        raise UserError(
            f"{', '.join(map(str, folders))}: no run in it; a run is a folder with results.json or .hydra"
        )
    return sorted(runs, key=lambda run: (run.cell, run.seed, run.folder.name))


def _runs_below(folder: Path) -> Iterator[Run]:
    for path in sorted(p for p in folder.iterdir() if p.is_dir()):
        if (path / "results.json").exists() or (path / ".hydra").is_dir() or cell_of_folder(path.name):
            run = _finished(path) or _unfinished(path)
            if run:
                yield run


def _finished(folder: Path) -> Run | None:
    try:
        results = json.loads((folder / "results.json").read_text())
        fields = results["cell"]
        cell = Cell(
            printable(str(fields["data"])),
            float(fields["lambda"]),
            int(fields["embedding_dim"]),
            bool(fields["normalize"]),
        )
        status = "completed" if results["status"] == "completed" else "failed"
        cause = (
            "" if status == "completed" else printable(f"{results.get('cause')} (step {results.get('step')})")
        )
        config = {key: value for key, value in results["config"].items() if key in GROUPS}
        if not _is_sound(results, config):
            return None
        return Run(folder, status, cell, int(fields["seed"]), cause, config, results)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _is_sound(results: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Tell whether what tables read is of the kinds that a run writes: mappings, and numbers as measures."""
    metrics, versions = results.get("metrics") or {}, results.get("versions") or {}
    return all(isinstance(part, Mapping) for part in (metrics, versions, *config.values())) and all(
        type(value) in (int, float) for value in metrics.values() if value is not None
    )


def _unfinished(folder: Path) -> Run | None:
    config = _composed(folder)
    named = cell_of_folder(folder.name)
    if not named:
        return None
    broken = (folder / "results.json").exists()
    silent = time.time() - _last_sign(folder)
    status = "failed" if broken else "running" if silent < SILENCE else "interrupted"
    run = Run(folder, status, *named, config=config)
    done = int(run.curves.index.max()) if len(run.curves) else 0
    cause = f"{done} of {run.max_epochs or '?'} epochs done, last sign of life {_ago(silent)} ago"
    return Run(folder, status, *named, "results.json cannot be read" if broken else cause, config)


def _composed(folder: Path) -> dict[str, Any]:
    register_resolvers()
    try:
        config: Any = OmegaConf.load(folder / ".hydra" / "config.yaml")
        return {key: OmegaConf.to_container(config[key], resolve=True) for key in GROUPS}
    except Exception:  # whatever a half-written file or another machine's paths raise: no settings are known
        return {}


def _last_sign(folder: Path) -> float:
    return max(
        (path.stat().st_mtime for path in [folder, *folder.glob("*"), *folder.glob("*/*")]), default=0.0
    )


def _ago(seconds: float) -> str:
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "less than a minute"


def read_images(folders: Iterable[Path], data: str) -> dict[str, np.ndarray]:
    """Return the arrays of `images-<data>.npz` of the first folder that has it, else none."""
    for folder in folders:
        try:
            with np.load(folder / f"images-{data}.npz") as arrays:
                return dict(arrays)
        except (OSError, ValueError, EOFError, BadZipFile):
            continue
    return {}
