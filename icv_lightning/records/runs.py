"""Runs as they lie on disk: completed, failed, running or interrupted; no file is trusted to be whole."""

import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from icv_lightning.errors import UserError
from icv_lightning.escaping import printable
from icv_lightning.records.cells import Cell, cell_of_folder
from icv_lightning.records.data_sets import learn
from icv_lightning.records.measured import FILE as MEASURED
from icv_lightning.records.measured import read_measured
from icv_lightning.records.metrics_file import read_metrics
from icv_lightning.records.results import read_json
from icv_lightning.records.settings_file import read_settings
from icv_lightning.records.snapshots import Snapshot, read_snapshot
from icv_lightning.records.soundness import GROUPS, check_results

log = logging.getLogger(__name__)
REPORT_PAGE = "index.html"  # in a folder that holds what was made of runs
STALE_AFTER = 15 * 60  # seconds without any change after which a run without results counts as interrupted


@dataclass(frozen=True, eq=False)
class Run:
    """One folder of a run.

    Attributes:
        folder: the run's folder.
        status: "completed", "failed", "running" or "interrupted".
        cell: its place in the grid.
        seed: the run's seed.
        cause: why there are no numbers: the failure, or how far the run has come.
        config: the groups of its configuration, resolved; empty where they cannot be read.
        results: content of results.json; empty where there is none.
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

    def value(self, measure: str) -> float | None:
        """Return what a completed run measured at last on the test part, None where it did not."""
        logged = self.metrics.get(f"test/{measure}")
        measured = (self.results.get("measures") or {}) if self.status == "completed" else {}
        return measured.get(measure) if logged is None else logged

    @property
    def max_epochs(self) -> int | None:
        """Return the epochs that were asked for."""
        return self.config.get("trainer", {}).get("max_epochs")

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Return metrics.csv by epoch, empty where it cannot be read."""
        try:
            rows = read_metrics(self.folder)
        except UserError:
            return pd.DataFrame()
        table = pd.DataFrame.from_dict(rows, orient="index").drop(columns="epoch", errors="ignore")
        return table.astype(float).rename_axis("epoch").sort_index()

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
        try:
            return read_snapshot(self.epochs[epoch]) if epoch in self.epochs else None
        except UserError:
            return None

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
    for path in sorted(p for p in folder.iterdir() if p.is_dir() and not (p / REPORT_PAGE).exists()):
        if (path / "results.json").exists() or (path / ".hydra").is_dir() or cell_of_folder(path.name):
            run = _finished(path) or _unfinished(path)
            if run:
                yield run


def _finished(folder: Path) -> Run | None:
    """Return the run in `folder` if it has results; one whose files cannot be reported is a failed one."""
    if not (folder / "results.json").exists():
        return None
    try:
        return _checked(_of_results(folder, read_json(folder / "results.json")))
    except (UserError, ValueError) as error:
        cause = str(error).replace(f"{folder}/", "")
        log.warning("%s: left out, %s", printable(str(folder)), printable(cause))
        named = cell_of_folder(folder.name)
        return Run(folder, "failed", *named, cause) if named else None


def _of_results(folder: Path, results: Any) -> Run:
    check_results(results)
    fields = results["cell"]
    cell = Cell(
        printable(fields["data"]), float(fields["lambda"]), fields["embedding_dim"], fields["normalize"]
    )
    completed = results["status"] == "completed"
    cause = "" if completed else printable(f"{results.get('cause')} (step {results.get('step', 0)})")
    config = {key: value for key, value in results["config"].items() if key in GROUPS}
    learn(config)
    status = "completed" if completed else "failed"
    return Run(folder, status, cell, fields["seed"], cause, config, results)


def _checked(run: Run) -> Run:
    """Return a run; raise `UserError` or `ValueError` where its curves or its last snapshot are damaged."""
    if run.status == "completed":
        read_metrics(run.folder)
        if (run.folder / MEASURED).exists() and read_measured(run.folder) is None:
            raise ValueError(f"{MEASURED} is damaged, or of another kind")
        last = read_snapshot(run.epochs[max(run.epochs)]) if run.epochs else None
        if last is not None and last.centroids.shape[1] != run.cell.embedding_dim:
            numbers = f"{last.centroids.shape[1]}, not {run.cell.embedding_dim} numbers"
            raise ValueError(f"embeddings/epoch_{last.epoch:03d}.npz: holds embeddings of {numbers}")
    return run


def _unfinished(folder: Path) -> Run | None:
    named = cell_of_folder(folder.name)
    if not named:
        return None
    silent = time.time() - _last_sign(folder)
    status = "running" if silent < STALE_AFTER else "interrupted"
    try:
        settings, unknown = read_settings(folder), ""
    except UserError as error:
        settings, unknown = {}, f"; {error}".replace(f"{folder}/", "")
    config = {key: value for key, value in settings.items() if key in GROUPS and isinstance(value, dict)}
    run = Run(folder, status, *named, config=config if len(config) == len(GROUPS) else {})
    done = int(run.curves.index.max()) if len(run.curves) else 0
    cause = f"{done} of {run.max_epochs or '?'} epochs done, last sign of life {_ago(silent)} ago{unknown}"
    return replace(run, cause=cause)


def _last_sign(folder: Path) -> float:
    return max(
        (path.stat().st_mtime for path in [folder, *folder.glob("*"), *folder.glob("*/*")]), default=0.0
    )


def _ago(seconds: float) -> str:
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "less than a minute"
