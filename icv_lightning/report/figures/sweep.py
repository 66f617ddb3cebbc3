"""Figures of any grid: each setting's measures with intervals, and the measures by epoch."""

from collections.abc import Iterator

import numpy as np

from icv_lightning.escaping import plain_text
from icv_lightning.inference.intervals import LEVEL, t_interval
from icv_lightning.report.figures.curves import by_epoch, draw_band, over_seeds, watched
from icv_lightning.report.figures.style import LOSS_COLOURS, Drawing, line_look, new_figure
from icv_lightning.report.sweep import MEASURES, Sweep

CURVES = 14  # settings that colours and dashes tell apart


def sweep_figures(sweep: Sweep) -> Iterator[Drawing]:
    """Yield the overview of all settings, then their curves."""
    yield _overview(sweep)
    yield _curves(sweep)


def _overview(sweep: Sweep) -> Drawing:
    title, places = "Test accuracy by setting", list(sweep.runs)
    if not any(sweep.values(place, measure) for place in places for measure in MEASURES):
        return Drawing("settings", title, "Not drawn: no run has ended.")
    figure, (panels,) = new_figure(1, len(MEASURES), 3.0, 0.9 + 0.26 * len(places))
    height = np.arange(len(places))[::-1]
    for panel, (measure, words) in zip(panels, MEASURES.items(), strict=True):
        for y, place in zip(height, places, strict=True):
            if values := list(sweep.values(place, measure).values()):
                found = t_interval(values)
                low, high = np.nan_to_num([found.low, found.high], nan=found.mean).clip(0, 1)
                panel.plot([low, high], [y, y], color=LOSS_COLOURS[1], linewidth=1.4)
                panel.plot(values, [y] * len(values), "|", color="0.5", markersize=6)
                panel.plot([found.mean], [y], "o", color=LOSS_COLOURS[1], markersize=4)
        panel.set_title(words)
        panel.grid(axis="x", alpha=0.3)
        panel.set(ylim=(-0.6, len(places) - 0.4), yticks=height)
        panel.set_yticklabels([])
    panels[0].set_yticklabels([plain_text(sweep.label(place)) for place in places])
    caption = f"Last epoch; bars: {LEVEL:.0%} t interval over seeds, within 0 and 1; strokes: single seeds."
    return Drawing("settings", title, caption, figure)


def _curves(sweep: Sweep) -> Drawing:
    title, places = "Accuracies by epoch", list(sweep.runs)[:CURVES]
    if not any(len(run.curves) for place in places for run in sweep.runs[place]):
        return Drawing("epochs", title, "Not drawn: no epoch has ended.")
    figure, (panels,) = new_figure(1, len(MEASURES), 3.4, 2.8)
    for panel, (measure, words) in zip(panels, MEASURES.items(), strict=True):
        for i, place in enumerate(places):
            columns = [watched(run, measure) for run in sweep.runs[place]]
            known = [column for column in columns if column is not None]
            if known:
                draw_band(panel, over_seeds(known), line_look(i), plain_text(sweep.label(place)))
        panel.set_title(words)
        panel.grid(alpha=0.3)
    by_epoch(panels[None])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    left_out = len(sweep.runs) - len(places)
    caption = f"Bands: {LEVEL:.0%} t interval over seeds, within 0 and 1." + (
        f" {left_out} settings are left out." if left_out else ""
    )
    return Drawing("epochs", title, caption, figure)
