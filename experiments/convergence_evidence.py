"""Three centroid rules from one start: curves by epoch, lag behind class means, claims 5, 10 and 11."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.ticker import MaxNLocator

from icv_lightning.paper import plateau
from icv_lightning.paper.claim_contrasts import LAG_MARGIN
from icv_lightning.paper.evidence import FILE
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_text
from icv_lightning.records.runs import Run, read_runs
from icv_lightning.report.figures.curves import draw_band, legend, over_seeds
from icv_lightning.report.figures.style import SETTINGS, line_look, new_figure, save

BY_EPOCH, FIGURE = "by_epoch.csv", "convergence"
STATED = "acc_nearest_class_mean"  # of claims 5 and 11
LEARNED, UNTUNED = "learned, lr ", "learned, the network's lr"
ACCURACIES = {
    STATED: "accuracy, nearest class mean",
    "acc_nearest_centroid": "accuracy, nearest centroid",
    "acc": "accuracy, highest score",
}
LENGTHS = {"centroid_lag": "distance of C to class means, spacings", "spacing": "spacing"}
PANELS = ACCURACIES | LENGTHS
CELL = ["data", "weight"]


def write_convergence(folder: Path) -> pd.DataFrame:
    """Write `by_epoch.csv`, `convergence.png` and `evidence.json` of the completed runs in `folder`.

    Args:
        folder: runs that differ in data set, λ, centroid rule and seed.

    Returns:
        One row a run and epoch: `data`, `weight` (λ), `rule`, `seed`, `epoch`, accuracies on test,
        `centroid_lag` and `spacing`.

    Raises:
        UserError: no folder, or no run in it.
    """
    table = by_epoch(run for run in read_runs([folder]) if run.status == "completed")
    write_text(folder / BY_EPOCH, csv_text(table.to_dict("records"), digits=6))
    rows = evidence_rows(last_rows(table))
    write_text(folder / FILE, json.dumps(rows, indent=1) + "\n")
    with rc_context(SETTINGS):
        _draw(table, folder)
    return table


def by_epoch(runs: Iterable[Run]) -> pd.DataFrame:
    """Return what is measured after each epoch of `runs`, one row a run and epoch."""
    return pd.DataFrame([row for run in runs for row in _rows(run)])


def _rows(run: Run) -> Iterable[dict[str, Any]]:
    where = {"data": run.cell.data, "weight": run.cell.weight, "rule": rule_title(run), "seed": run.seed}
    columns = {f"test/{key}": key for key in ACCURACIES} | {f"train/{key}": key for key in LENGTHS}
    if columns.keys() <= set(run.curves):
        for epoch, values in run.curves[list(columns)].rename(columns=columns).iterrows():
            yield where | {"epoch": epoch} | values.to_dict()


def rule_title(run: Run) -> str:
    """Return the rule and its one setting, e.g. `batch_mean, α 0.5` or `learned, lr 0.03`."""
    centroids, rate = run.config["centroids"], run.config["optimizer"]["centroid_lr"]
    if "alpha" in centroids["layer"]:
        return f"{centroids['name']}, α {centroids['layer']['alpha']:g}"
    return UNTUNED if rate is None else f"{LEARNED}{rate:g}"


def last_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last epoch of each run, and `epochs_to`: epochs until it comes near its cell's plateau.

    Near, and the count of a run that never does, is as in `icv_lightning.paper.plateau`.
    """
    last = table.sort_values("epoch").groupby([*CELL, "rule", "seed"]).last()
    for _, own in table.groupby(CELL):
        curves = {
            key: run.set_index("epoch")[STATED].sort_index()
            for key, run in own.groupby([*CELL, "rule", "seed"])
        }
        rules = [[curve for key, curve in curves.items() if key[2] == rule] for rule in set(own.rule)]
        goal = plateau.goal(rules)
        for key, curve in curves.items():
            last.loc[key, "epochs_to"] = plateau.epochs_to(curve, goal)
    return last.reset_index()


def evidence_rows(last: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for claims 5, 10, 11: tuned learned centroids against each other rule, seed by seed."""
    found = []
    for (data, weight, number), runs in last.groupby(["data", "weight", "seed"]):
        seed = int(number)  # pandas below 3 gives NumPy's, which JSON does not take
        rivals = runs[~runs.rule.str.startswith("learned")].to_dict("records")
        for ours in runs[runs.rule.str.startswith(LEARNED)].to_dict("records"):
            cell = f"ICV λ {weight:g}, {ours['rule']}"
            found.append((10, data, seed, cell, -ours["centroid_lag"], -LAG_MARGIN))
            for other in rivals:
                cell = f"ICV λ {weight:g}, epochs near the plateau, {other['rule']} − {ours['rule']}"
                found.append((5, data, seed, cell, ours["epochs_to"], other["epochs_to"]))
                cell = f"ICV λ {weight:g}, {ours['rule']} − {other['rule']}"
                found.append((11, data, seed, cell, ours[STATED], other[STATED]))
    return [dict(zip(("claim", "data", "seed", "cell", "ours", "other"), row, strict=True)) for row in found]


def _draw(table: pd.DataFrame, folder: Path) -> None:
    looks = {rule: line_look(i) for i, rule in enumerate(sorted(set(table.rule)))}
    cells = list(dict.fromkeys(zip(table.data, table.weight, strict=True)))
    figure, axes = new_figure(len(cells), len(PANELS), 2.5, 2.3)
    for row, (data, weight) in zip(axes, cells, strict=True):
        part = table[(table.data == data) & (table.weight == weight)]
        for panel, (measure, words) in zip(row, PANELS.items(), strict=True):
            for rule, runs in part.groupby("rule"):
                columns = [run.set_index("epoch")[measure] for _, run in runs.groupby("seed")]
                draw_band(panel, over_seeds(columns), looks[str(rule)], str(rule))
            panel.set_title(words)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
            panel.grid(alpha=0.3)
        row[0].set_ylabel(f"{data}, λ {weight:g}")
    for panel in axes[-1]:
        panel.set_xlabel("epoch")
    legend(figure, axes)
    save(figure, folder, FIGURE)
