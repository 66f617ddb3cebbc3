"""Classical LDA on the embeddings of runs: `python -m experiments.linear_discriminants outputs/<name>`.

Linear discriminant analysis (class means, one pooled within-class covariance, Bayes' rule) is fitted on the
train embeddings of a run's last snapshot and tested on its test embeddings, beside highest score, nearest
class mean and nearest centroid on these. What it gains over the nearest class mean is what the plain
Euclidean distance leaves on the table.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from icv_lightning.errors import UserError
from icv_lightning.escaping import printable
from icv_lightning.evaluation.geometry import distances
from icv_lightning.inference.intervals import t_interval
from icv_lightning.records.cells import data_title
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_text
from icv_lightning.records.runs import Run, read_runs
from icv_lightning.records.snapshots import Snapshot
from icv_lightning.report.figures.panels import draw, view_of
from icv_lightning.report.figures.style import SETTINGS, new_figure, save
from icv_lightning.terminal import exit_status

FILE, FIGURE = "lda.csv", "embeddings"
CELL = ["data", "embedding_dim", "normalize", "weight", "loss"]
MEASURES = ["acc", "acc_nearest_class_mean", "acc_nearest_centroid", "acc_lda", "var_ratio", "var_total"]


def main() -> None:
    """Write `lda.csv` and `embeddings.png`, print means; exit with 0, 1, 2 (a wrong folder) or 130."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.linear_discriminants",
        description="Classical LDA on the embeddings of runs.",
    )
    parser.add_argument("folder", type=Path, help="of runs, e.g. outputs/discriminant")
    exit_status.run(parser, _write)


def _write(arguments: argparse.Namespace) -> int:
    folder = arguments.folder
    runs = read_runs([folder])
    table = lda_table(runs)
    if table.empty:
        raise UserError(f"{folder}: no completed run with a snapshot of train and test embeddings")
    write_text(folder / FILE, csv_text(table.to_dict("records"), digits=6))
    with rc_context(SETTINGS):
        save(embedding_panels(runs), folder, FIGURE)
    print(over_seeds(table).to_string(index=False))
    print(folder / FILE)
    return 0


def lda_table(runs: Iterable[Run]) -> pd.DataFrame:
    """Return one row for each completed run with a snapshot: its cell, `seed`, accuracies and variances.

    `var_ratio` is within over between, `var_total` their sum, both of the test embeddings.
    """
    rows = []
    for run in runs:
        if (last := tested(run)) is None:
            continue
        cell = (run.cell.data, run.cell.embedding_dim, run.cell.normalize, run.cell.weight)
        within, between = (_number(run.metrics.get(f"test/{key}")) for key in ("var_within", "var_between"))
        variances = {"var_ratio": within / between, "var_total": within + between}
        rows.append(
            dict(zip(CELL, (*cell, printable(str(run.config["loss"]["name"]))), strict=True))
            | {"seed": run.seed}
            | accuracies(last)
            | variances
        )
    return pd.DataFrame(rows, columns=[*CELL, "seed", *MEASURES])


def tested(run: Run) -> Snapshot | None:
    """Return the last snapshot of a completed run, of its test embeddings; None where there is none."""
    last = run.last_snapshot if run.status == "completed" else None
    return last if last and last.part == "test" else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def accuracies(snapshot: Snapshot) -> dict[str, float]:
    """Return test accuracies by highest score, nearest class mean, nearest centroid and LDA."""
    lda = LinearDiscriminantAnalysis().fit(snapshot.train_embeddings, snapshot.train_target)
    preds = {
        "acc": snapshot.preds,
        "acc_nearest_class_mean": distances(snapshot.embeddings, snapshot.class_means).argmin(1),
        "acc_nearest_centroid": distances(snapshot.embeddings, snapshot.centroids).argmin(1),
        "acc_lda": lda.predict(snapshot.embeddings),
    }
    return {key: float((found == snapshot.target).mean()) for key, found in preds.items()}


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Return each cell's mean over seeds and half its 95 % t interval, as `0.9512 ± 0.0031`."""
    rows: list[dict[str, Any]] = []
    for cell, runs in table.groupby(CELL, sort=False):
        found = {key: t_interval(runs[key].to_list()) for key in MEASURES}
        words = {key: f"{i.mean:.4f}" + (f" ± {i.half:.4f}" if i.n > 1 else "") for key, i in found.items()}
        rows.append(dict(zip(CELL, cell, strict=True)) | {"n": len(runs)} | words)
    return pd.DataFrame(rows)


def embedding_panels(runs: Iterable[Run]) -> Figure:
    """Return the test embeddings of each cell's lowest seed, a row for each data set."""
    first: dict[str, dict[str, Snapshot]] = {}
    for run in runs:
        if (last := tested(run)) is not None:
            title = f"{run.config['loss']['name']}, λ {run.cell.weight:g}"
            first.setdefault(data_title(run.cell.data), {}).setdefault(title, last)
    figure, axes = new_figure(len(first), max(map(len, first.values())), layout="compressed")
    for row, (data, snapshots) in zip(axes, first.items(), strict=True):
        views = {title: view_of(snapshot) for title, snapshot in sorted(snapshots.items(), reverse=True)}
        reach = max(view.reach for view in views.values())
        for panel, (title, view) in zip(row, views.items(), strict=False):
            draw(panel, view, reach)
            panel.set_title(f"{data}, {title}")
        for panel in row[len(views) :]:
            panel.set_axis_off()
    return figure


if __name__ == "__main__":
    main()
