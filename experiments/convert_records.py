"""Bring records home: `python -m experiments.convert_records TARGET RUNS… [--commit C]`.

Writes for each completed run below the folders RUNS its record into TARGET: results.json, metrics.csv and
measured.npz, at most 40 kB, with no path of the machine. A run whose record is complete is copied. One made
before measured.npz was (commit f565800 and earlier) is completed from its snapshots, of which the last
epoch's must be there; spread by epoch is filled in for the epochs whose snapshots are. Identity and folder
name are computed anew from the run's settings.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from icv_lightning.configuration.identity import Identity
from icv_lightning.declarations.choices import described
from icv_lightning.errors import UserError
from icv_lightning.evaluation.measured import by_epoch, last_epoch
from icv_lightning.records.files import write_text
from icv_lightning.records.measured import read_measured, test_values, write_measured
from icv_lightning.records.results import read_results, write_results
from icv_lightning.records.runs import Run, read_runs

DIGITS = 7  # of the numbers in metrics.csv, enough for float32
LARGEST = 40_000  # bytes of a record


def main() -> None:
    """Convert, and name each record with its size; exit with 1 and one line where a run cannot be."""
    parser = argparse.ArgumentParser(prog="python -m experiments.convert_records", description=__doc__)
    parser.add_argument("target", type=Path, help="folder of records, e.g. docs/results/paper_grid/runs")
    parser.add_argument("runs", type=Path, nargs="+", help="folders of grids, e.g. outputs/paper_grid")
    parser.add_argument("--commit", default="", help="of the code that made the runs, kept in results.json")
    arguments = parser.parse_args()
    try:
        for run in read_runs(arguments.runs):
            if run.status == "completed":
                record = convert(run, arguments.target, arguments.commit)
                print(f"{record.name}  {size(record)} bytes")
    except UserError as error:
        sys.exit(f"error: {error}")


def convert(run: Run, target: Path, commit: str = "") -> Path:
    """Return the folder of the record of a completed `run`, written below `target`.

    Raises:
        UserError: neither measured.npz nor a snapshot of the last epoch, or a record above `LARGEST`.
    """
    results = dict(read_results(run.folder) or {})
    identity = Identity(described(results["config"]))
    results |= {"config_hash": identity.hash} | ({"commit": commit} if commit else {})
    record = target / identity.name
    record.mkdir(parents=True, exist_ok=True)
    curves = run.curves
    measured = read_measured(run.folder)
    if measured is None:
        last = run.last_snapshot
        if last is None or last.epoch != run.max_epochs:
            raise UserError(
                f"{run.folder}: no snapshot of its last epoch; only runs with one can be converted"
            )
        measured, curves = last_epoch(last), curves.combine_first(_spread(run))
    write_text(record / "metrics.csv", _csv(curves))
    write_measured(record, measured)
    write_results(record, results | {"measures": test_values(record)})
    if size(record) > LARGEST:
        raise UserError(f"{record}: {size(record)} bytes; a record has at most {LARGEST}")
    return record


def size(record: Path) -> int:
    """Return the bytes of a record's files."""
    return sum(path.stat().st_size for path in record.iterdir())


def _spread(run: Run) -> pd.DataFrame:
    rows: dict[int, dict[str, Any]] = {}
    for epoch in run.epochs:
        if snapshot := run.snapshot(epoch):
            rows[epoch] = {f"train/{key}": value for key, value in by_epoch(snapshot).items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _csv(curves: pd.DataFrame) -> str:
    columns = ["step", *sorted(set(curves) - {"step"})]
    return curves[columns].to_csv(index_label="epoch", float_format=f"%.{DIGITS}g", lineterminator="\n")


if __name__ == "__main__":
    main()
