"""The figures of an audit: rules side by side, embeddings in two dimensions, differences of two."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from icv_lightning.audit.audited import Audit, Measure
from icv_lightning.escaping import plain_text
from icv_lightning.report.figures.style import class_handles, class_look, new_figure

NAMED = 10  # classes with a colour of their own; more are drawn in grey


def rules_figure(measures: Sequence[Measure]) -> Figure:
    """Return accuracies by rule with their intervals."""
    figure, ((axes,),) = new_figure(1, 1, width=6.2, height=2.2)
    _intervals(axes, [(m.name.removeprefix("acc_"), m) for m in measures])
    axes.set_xlabel("accuracy, 95 % interval over pictures")
    return figure


def differences_figure(over_pictures: Sequence[Measure], over_classes: Sequence[Measure]) -> Figure:
    """Return differences of two models with intervals over pictures, and over classes in grey below."""
    figure, ((axes,),) = new_figure(1, 1, width=6.2, height=0.6 + 0.3 * len(over_pictures))
    _intervals(axes, [(m.name, m) for m in over_classes], {"color": "0.6"}, 0.18)
    _intervals(axes, [(m.name, m) for m in over_pictures])
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set_xlabel("second less first; 95 % interval over pictures (grey: over classes)")
    return figure


def views_figure(audit: Audit) -> Figure:
    """Return the 2-d views beside each other, classes of most pictures in colour."""
    figure, (panels,) = new_figure(1, len(audit.points), 4.2, 4.2)
    classes, counts = np.unique(np.concatenate([of for _, of in audit.points.values()]), return_counts=True)
    named = np.sort(classes[np.argsort(-counts, kind="stable")[:NAMED]])
    for panel, (name, (points, target)) in zip(panels, audit.points.items(), strict=True):
        rest = ~np.isin(target, named)
        panel.scatter(*points[rest].T, s=4, color="0.85", linewidths=0, rasterized=True)
        for position, k in enumerate(named):
            colour, marker = class_look(position)
            panel.scatter(
                *points[target == k].T,
                s=7,
                color=colour,
                marker=marker,
                linewidths=0,
                alpha=0.7,
                rasterized=True,
            )
        panel.set(title=name, xticks=[], yticks=[])
    names = [audit.class_names[k] for k in named]
    figure.legend(handles=_handles(names), loc="outside lower center", ncols=5)
    return figure


def _handles(names: Sequence[str]) -> list[Any]:
    handles = class_handles([f"\0{name}" for name in names], centres=False)
    for handle, name in zip(handles, names, strict=True):
        handle.set_label(plain_text(name[:24]))
    return handles


def _intervals(
    axes: Any, rows: Sequence[tuple[str, Measure]], look: dict[str, Any] | None = None, shift: float = 0.0
) -> None:
    look = {"color": "#0072b2"} | (look or {})
    height = len(rows) - 1 - np.arange(len(rows)) - shift
    for y, (_, measure) in zip(height, rows, strict=True):
        axes.plot([measure.low, measure.high], [y, y], linewidth=1.6, **look)
        axes.plot([measure.value], [y], "o", markersize=4, **look)
    axes.set_yticks(np.arange(len(rows))[::-1], [name for name, _ in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", alpha=0.3)
