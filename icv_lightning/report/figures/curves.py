"""Accuracies by epoch with bands over seeds, and accuracies against λ."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from icv_lightning.inference.intervals import LEVEL, t_interval
from icv_lightning.paper import publication
from icv_lightning.paper.runs import is_papers
from icv_lightning.records.cells import Cell, data_title, norm_title
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.style import Drawing, empty_panel, loss_look, new_figure
from icv_lightning.report.sweep import MEASURES

TICKS = (0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
ROOM = 0.05  # of the height, above and below: markers at the edge are drawn whole
BAND = f"bands: {LEVEL:.0%} t interval over seeds"


def shapes_of(variant: Variant, data: str) -> list[tuple[int, bool]]:
    """Return the columns of a figure: sizes and normalisations that have a run."""
    return sorted(
        {(c.embedding_dim, c.normalize) for c in variant.runs if c.data == data}, key=lambda s: (s[1], s[0])
    )


def weights_of(variant: Variant, data: str) -> list[float]:
    """Return the λ that have a run."""
    return sorted({cell.weight for cell in variant.runs if cell.data == data})


def over_seeds(frames: Sequence[pd.Series]) -> pd.DataFrame:
    """Return mean, low and high by epoch of one column of several runs; NaN bounds where n is 1."""
    table = pd.concat(frames, axis=1)
    found = {
        epoch: t_interval(row.dropna().to_numpy()) for epoch, row in table.iterrows() if row.notna().any()
    }
    rows = {epoch: (i.mean, i.low, i.high) for epoch, i in found.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high"])


def draw_band(
    axes: Axes, band: pd.DataFrame, look: dict[str, Any], label: str, most: float | None = 1.0
) -> None:
    """Draw a mean by epoch and its band, cut to where values can lie: from 0 to `most`."""
    marker = "o" if len(band) == 1 else ""
    axes.plot(band.index, band["mean"], label=label, marker=marker, markersize=4, **look)  # type: ignore[arg-type]
    if band["low"].notna().any():
        low, high = (band[name].clip(0, most) for name in ("low", "high"))
        axes.fill_between(band.index, low, high, color=look["color"], alpha=0.18, linewidth=0)  # type: ignore[arg-type]


def draw_bands(
    axes: Axes,
    variant: Variant,
    cells: Sequence[Cell],
    column: Callable[[Run], pd.Series | None],
    most: float | None = 1.0,
) -> None:
    """Draw for each cell a band over its runs, of what `column` gives of a run by epoch, None for nothing."""
    looks = loss_look([cell.weight for cell in cells])
    for cell in cells:
        columns = [column(run) for run in variant.runs.get(cell, {}).values()]
        if known := [found for found in columns if found is not None]:
            draw_band(axes, over_seeds(known), looks[cell.weight], variant.loss_title(cell.weight), most)
    axes.grid(alpha=0.3)


def curve_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield, for each data set, the test accuracies by epoch."""
    for data in variant.data_sets():
        shapes = shapes_of(variant, data)
        stem, title = f"epochs_{data}", f"{data_title(data)}: accuracies by epoch"
        if not any(len(run.curves) for run in variant.all_runs if run.cell.data == data):
            yield Drawing(stem, title, "Not drawn: no epoch has ended.")
            continue
        figure, axes = new_figure(len(MEASURES), len(shapes), 2.6, 2.1)
        for row, (measure, words) in zip(axes, MEASURES.items(), strict=True):
            for panel, (dim, unit) in zip(row, shapes, strict=True):
                cells = [Cell(data, w, dim, unit) for w in weights_of(variant, data)]
                draw_bands(panel, variant, cells, partial(watched, measure=measure))
                panel.set_title(f"N = {dim}, {norm_title(unit)}" if measure == "acc" else "")
            row[0].set_ylabel(words)
        _logit(axes)
        by_epoch(axes)
        legend(figure, axes)
        yield Drawing(stem, title, f"Accuracies on a logit scale, the same in all panels; {BAND}.", figure)


def watched(run: Run, measure: str) -> pd.Series | None:
    """Return a measure of the watched part by epoch, None where the run has none."""
    for part in ("test", "val"):
        if f"{part}/{measure}" in run.curves:
            column: pd.Series = run.curves[f"{part}/{measure}"]
            return column
    return None


def _logit(axes: np.ndarray) -> None:
    lines = [line.get_ydata() for panel in axes.flat for line in panel.get_lines()]
    values = np.concatenate([np.asarray(y, dtype=float) for y in lines]) if lines else np.array([0.5])
    low, high = np.nanmin(values), np.nanmax(values)
    for panel in axes.flat:
        panel.set_yscale("logit", nonpositive="clip")
        panel.set_yticks(TICKS)
        panel.set_ylim(max(low * 0.9, 0.02), min(1 - (1 - high) * 0.7, 0.9995))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.label_outer()


def by_epoch(axes: np.ndarray) -> None:
    """Say that the lowest panels run over epochs, in whole numbers."""
    for panel in axes[-1]:
        panel.set_xlabel("epoch")
    for panel in axes.flat:
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
        low, high = panel.get_xlim()
        if high - low < 1:  # of one epoch
            panel.set_xlim(low - 0.5, high + 0.5)


def legend(figure: Figure, axes: np.ndarray) -> None:
    """Put one legend below all panels."""
    found = {t: h for panel in axes.flat for h, t in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=5)


def weight_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield, for each data set, λ against the accuracies, the published values beside."""
    for data in variant.data_sets():
        shapes = shapes_of(variant, data)
        stem, title = f"lambda_{data}", f"{data_title(data)}: λ against the accuracies"
        if not any(run.metrics for run in variant.all_runs if run.cell.data == data):
            yield Drawing(stem, title, "Not drawn: no run has ended.")
            continue
        figure, axes = new_figure(1, len(shapes), 2.9, 2.9)
        weights = weights_of(variant, data)
        for panel, (dim, unit) in zip(axes[0], shapes, strict=True):
            _against_weight(panel, variant, [Cell(data, w, dim, unit) for w in weights])
            panel.set_title(f"N = {dim}, {norm_title(unit)}")
        low = min(panel.get_ylim()[0] for panel in axes[0])
        high = max(panel.get_ylim()[1] for panel in axes[0])
        room = ROOM * (high - low)
        for panel in axes[0]:
            panel.set(xlabel="λ (0: cross-entropy)", ylim=(low - room, high + room))
            panel.label_outer()
        axes[0][0].set_ylabel("test accuracy")
        legend(figure, axes)
        whiskers = f"whiskers: {LEVEL:.0%} t interval over seeds"
        hollow = "; hollow: published values" if is_papers(variant) else ""
        yield Drawing(stem, title, f"Last epoch; {whiskers}{hollow}.", figure)


def _against_weight(axes: Axes, variant: Variant, cells: Sequence[Cell]) -> None:
    looks = dict(zip(MEASURES, (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^")), strict=True))
    for shift, (measure, words) in zip((-0.09, 0.0, 0.09), MEASURES.items(), strict=True):
        colour, marker = looks[measure]
        values = [list(variant.values(cell, measure).values()) for cell in cells]
        known = [(i, t_interval(v)) for i, v in enumerate(values) if v]
        if known:
            x = [i + shift for i, _ in known]
            means = np.array([interval.mean for _, interval in known])
            halves = np.nan_to_num([interval.half for _, interval in known])
            halves = np.stack([np.minimum(halves, means), np.minimum(halves, 1 - means)])
            axes.errorbar(
                x, means, halves, color=colour, marker=marker, markersize=5, capsize=3, lw=1.2, label=words
            )
        if measure != "acc_nearest_centroid" and is_papers(variant):
            _published(axes, cells, measure, shift, colour, marker)
    axes.set_xticks(range(len(cells)), [f"{cell.weight:g}" for cell in cells])
    axes.grid(alpha=0.3)
    if not axes.has_data():
        empty_panel(axes, "no run has ended")


def _published(
    axes: Axes, cells: Sequence[Cell], measure: str, shift: float, colour: str, marker: str
) -> None:
    known = [(i + shift, publication.published(cell, measure)) for i, cell in enumerate(cells)]
    known = [(x, y) for x, y in known if y is not None]
    if known:
        table = 2 if measure == "acc" else 1
        axes.plot(
            *zip(*known, strict=True), linestyle="", marker=marker, markersize=9, markerfacecolor="none",
            markeredgecolor=colour, label=f"published, table {table}",
        )  # fmt: skip
