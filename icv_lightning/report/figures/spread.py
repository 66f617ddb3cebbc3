"""How tight the classes are: first components of R_w by epoch, distances to own and to other class means."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from icv_lightning.evaluation.geometry import own_and_other, spacing
from icv_lightning.records.cells import Cell, data_title, norm_title
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.curves import (
    BAND,
    by_epoch,
    draw_bands,
    legend,
    shapes_of,
    weights_of,
)
from icv_lightning.report.figures.panels import pick
from icv_lightning.report.figures.style import Drawing, empty_panel, loss_look, new_figure


def covariance_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield, for each data set, the within-class covariance through its first two components by epoch."""
    for data in variant.data_sets():
        shapes = shapes_of(variant, data)
        stem, title = f"covariance_{data}", f"{data_title(data)}: within-class covariance by epoch"
        found = {run.folder: _components(run) for run in variant.all_runs if run.cell.data == data}
        if not any(len(frame) for frame in found.values()):
            yield Drawing(stem, title, "Not drawn: no epoch with a spacing.")
            continue
        figure, axes = new_figure(2, len(shapes), 2.6, 2.1)
        for column, (dim, unit) in zip(axes.T, shapes, strict=True):
            cells = [Cell(data, w, dim, unit) for w in weights_of(variant, data)]
            for component, panel in enumerate(column):
                draw_bands(panel, variant, cells, partial(_component, found, component), most=None)
            column[0].set_title(f"N = {dim}, {norm_title(unit)}")
        _share_log(axes)
        for component, row in enumerate(axes, start=1):
            row[0].set_ylabel(f"component {component}")
        by_epoch(axes)
        legend(figure, axes)
        caption = (
            "Standard deviation of the class-centred training embeddings along the first two principal axes "
            f"of R_w, in spacings of the class means (below about 0.25 neighbours hardly touch); {BAND}."
        )
        yield Drawing(stem, title, caption, figure)


def _components(run: Run) -> pd.DataFrame:
    """Return by epoch the standard deviations along two principal axes of R_w (train), in spacings."""
    curves = run.curves
    if not {"train/spacing", "train/var_within", "train/within_pc1"} <= set(curves):
        return pd.DataFrame()
    shares = [f"train/within_pc{i}" for i in (1, 2) if f"train/within_pc{i}" in curves]
    variances = curves[shares].multiply(curves["train/var_within"], axis=0).clip(lower=0)
    found = np.sqrt(variances).divide(curves["train/spacing"], axis=0).dropna()
    return found.set_axis(range(len(shares)), axis=1)


def _component(found: Mapping[Path, pd.DataFrame], number: int, run: Run) -> pd.Series | None:
    return found[run.folder].get(number)


def _share_log(axes: np.ndarray) -> None:
    values = [
        y for panel in axes.flat for line in panel.get_lines() for y in np.asarray(line.get_ydata(), float)
    ]
    positive = [y for y in values if y > 0]
    for panel in axes.flat:
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        panel.yaxis.set_minor_formatter(FuncFormatter(lambda y, _: f"{y:g}" if f"{y:e}"[0] in "25" else ""))
        panel.set_ylim(min(positive, default=0.1) / 1.3, max(positive, default=1) * 1.3)
        panel.label_outer()


def distance_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield, for each data set, the distances of test embeddings to own and nearest other class means."""
    for data in variant.data_sets():
        stem = f"distances_{data}"
        title = f"{data_title(data)}: distances to the own and the nearest other class mean"
        shapes = shapes_of(variant, data)
        cells = [Cell(data, w, dim, unit) for dim, unit in shapes for w in weights_of(variant, data)]
        if not any(pick(variant, cell) for cell in cells):
            yield Drawing(stem, title, "Not drawn: no snapshot.")
            continue
        figure, axes = new_figure(2, len(shapes), 2.8, 2.3)
        for column, (dim, unit) in zip(axes.T, shapes, strict=True):
            _distances(column, variant, [c for c in cells if c[2:] == (dim, unit)])
            column[0].set_title(f"N = {dim}, {norm_title(unit)}")
        axes[0][0].set_ylabel("own: part farther away")
        axes[1][0].set_ylabel("other: part nearer")
        for panel in axes[-1]:
            panel.set_xlabel("distance in spacings")
        legend(figure, axes)
        caption = (
            "Test images (or the validation part) of the lowest seed, last epoch. Above: the "
            "part of the images that lie farther from "
            "their own class mean than x (a long tail falls slowly). Below: the part whose nearest other "
            "class mean is nearer than x."
        )
        yield Drawing(stem, title, caption, figure)


def _distances(column: np.ndarray, variant: Variant, cells: Sequence[Cell]) -> None:
    looks = loss_look([cell.weight for cell in cells])
    for cell in cells:
        run = pick(variant, cell)
        last = run.last_snapshot if run else None
        if last is None:
            continue
        unit = spacing(last.class_means)
        own, other = (
            np.sort(d) / unit for d in own_and_other(last.embeddings, last.target, last.class_means)
        )
        rank = np.arange(1, len(own) + 1) / len(own)
        keep = np.unique(
            np.r_[np.linspace(0, len(own) - 1, 400).astype(int), np.arange(max(0, len(own) - 100), len(own))]
        )
        column[0].plot(
            own[keep],
            1 - rank[keep] + 1 / len(own),
            label=variant.loss_title(cell.weight),
            **looks[cell.weight],
        )
        column[1].plot(other[keep], rank[keep], **looks[cell.weight])
    for panel in column:
        panel.set(xscale="log", yscale="log", xlim=(3e-3, 30), ylim=(5e-4, 1.1))
        panel.grid(alpha=0.3)
        panel.label_outer()
    if not column[0].get_lines():
        empty_panel(column[0], "no snapshot")
