"""When does the term help? `python -m experiments.when_it_helps outputs/when_it_helps`.

Measures the completed runs of `experiment=when_it_helps` on the classes that they never saw, and writes into
their folder `when_it_helps.csv` (one row a run), `.md` (means over seeds, gains over cross-entropy), `.png`.
What was measured is not measured again, so the command may be repeated while runs come in.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icv_lightning.errors import UserError
from icv_lightning.records.axes import axes_of
from icv_lightning.records.cells import norm_title
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_text
from icv_lightning.records.runs import Run, read_runs
from icv_lightning.report.figures.style import SETTINGS, loss_look, new_figure, save_png
from icv_lightning.report.text_tables import Grid, markdown
from icv_lightning.terminal.exit_status import run
from icv_lightning.unseen.study import Protocol, evaluate

RECORDED = {  # of the classes trained on, on test
    "acc": "highest score",
    "acc_nearest_class_mean": "class mean, Euclid",
    "acc_cosine": "class mean, cosine",
    "acc_mahalanobis": "class mean, Mahalanobis",
    "map_at_r": "MAP@R",
}
STRANGERS = {  # AUROC of known against strangers, by the distance to the nearest class mean
    "auroc_euclidean": "AUROC, Euclid",
    "auroc_cosine": "AUROC, cosine",
    "auroc_mahalanobis": "AUROC, Mahalanobis",
}
MEASURES = RECORDED | STRANGERS
DRAWN = [key for key in MEASURES if not key.endswith("mahalanobis")]
KEYS = ("model.embedding_dim", "model.normalize", "loss.lambda")  # all that a cell is told by
CELL = [key.rpartition(".")[2] for key in KEYS]  # the columns


def main() -> None:
    """Measure and write; exit with 0, 1, 2 (wrong input) or 130 (stopped)."""
    parser = argparse.ArgumentParser(prog="python -m experiments.when_it_helps", description=__doc__)
    parser.add_argument("folder", type=Path, help="the grid's folder, e.g. outputs/when_it_helps")
    parser.add_argument("--data-root", help="folder of data sets, if not where the runs found them")
    run(parser, _study)


def _study(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.folder
    runs = [found for found in read_runs([folder]) if found.status == "completed"]
    check_alike(folder, runs)
    table = rows(runs, evaluate(folder, Protocol(), arguments.data_root))
    stem = folder / "when_it_helps"
    write_text(stem.with_suffix(".csv"), csv_text(table.to_dict("records"), digits=6))
    write_text(stem.with_suffix(".md"), page(table))
    save_png(figure(table), stem.with_suffix(".png"))
    print(page(table), f"{stem}.csv, .md, .png", sep="\n")
    return 0


def check_alike(folder: Path, runs: Sequence[Run]) -> None:
    """Raise `UserError` where runs differ in more than N, unit length, λ and seed, which rows do not show."""
    more = [f"{axis.key}={'|'.join(axis.values)}" for axis in axes_of(runs) if axis.key not in KEYS]
    if more:
        raise UserError(f"{folder}: its runs differ in {', '.join(more)}; all must share that")


def rows(runs: Sequence[Run], unseen: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a run: cell, seed, the measures, seconds, the identity's first digits.

    Args:
        runs: completed ones.
        unseen: rows of `icv_lightning.unseen` on the same runs.
    """
    auroc = {
        (*(row[key] for key in CELL), row["seed"], f"auroc_{row['distance']}"): row["value"]
        for row in unseen
        if (row["method"], row["measure"]) == ("network", "auroc")
    }
    found = []
    for one in runs:
        cell = (one.cell.embedding_dim, one.cell.normalize, one.cell.weight)
        found.append(
            dict(zip(CELL, cell, strict=True))
            | {"seed": one.seed}
            | {key: one.value(key) for key in RECORDED}
            | {key: auroc[(*cell, one.seed, key)] for key in STRANGERS}
            | {"seconds": one.results["seconds"], "config_hash": one.results["config_hash"][:8]}
        )
    return pd.DataFrame(found).sort_values([*CELL, "seed"], ignore_index=True)


def page(table: pd.DataFrame) -> str:
    """Return two tables in Markdown: every measure, and the gain of each λ over cross-entropy in points."""
    means = table.groupby(CELL)[list(MEASURES)].mean()
    plain = means[means.index.get_level_values("lambda") == 0].droplevel("lambda")
    beside = plain.reindex(means.index.droplevel("lambda")).set_axis(means.index)
    gains = (100 * (means - beside)).drop(0.0, level="lambda", errors="ignore").dropna()
    return "\n".join(
        markdown(grid)
        for grid in (_grid("Means over seeds", means, "{:.3f}"), _grid("Gains in points", gains, "{:+.1f}"))
    )


def _grid(title: str, table: pd.DataFrame, form: str) -> Grid:
    rows = [
        [str(dim), norm_title(unit), f"{weight:g}", *(form.format(values[key]) for key in MEASURES)]
        for (dim, unit, weight), values in table.iterrows()  # type: ignore[misc]
    ]
    return Grid(title, ["N", "embeddings", "λ", *MEASURES.values()], rows)


def figure(table: pd.DataFrame) -> Figure:
    """Return a row of panels for embeddings of any and of unit length, a column for each of `DRAWN`."""
    means = table.groupby(CELL)[DRAWN].mean().reset_index()
    looks = loss_look(means["lambda"].tolist())
    with rc_context(SETTINGS):
        drawn, axes = new_figure(2, len(DRAWN), width=2.1, height=2.2)
        for upper, lower, measure in zip(*axes, DRAWN, strict=True):
            lower.sharey(upper)
            upper.set_title(MEASURES[measure])
            _draw(upper, means[~means["normalize"]], measure, looks)
            _draw(lower, means[means["normalize"]], measure, looks)
        for unit, panel in zip((False, True), axes[:, 0], strict=True):
            panel.set_ylabel(norm_title(unit))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return drawn


def _draw(panel: Axes, means: pd.DataFrame, measure: str, looks: dict[float, dict[str, Any]]) -> None:
    for weight, own in means.groupby("lambda"):
        label, look = f"λ = {weight:g}" if weight else "cross-entropy", looks[float(weight)]  # type: ignore[arg-type]
        panel.plot(np.log2(own["embedding_dim"]), own[measure], marker="o", markersize=4, label=label, **look)
    dims = sorted(set(means["embedding_dim"]))
    panel.set_xticks(np.log2(dims), list(map(str, dims)))
    panel.set_xlabel("N")
    panel.grid(axis="y", color="#e4e4e4", linewidth=0.6)


if __name__ == "__main__":
    main()
