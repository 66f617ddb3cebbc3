"""Accuracy among classes never trained on, and what the variance term changes in it, choice by choice."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icv_lightning.inference.intervals import t_interval
from icv_lightning.records.cells import data_title, shape_title
from icv_lightning.report.figures.style import LOSS_COLOURS, SETTINGS, new_figure
from icv_lightning.unseen.gathered import Rows, evidence

LOOKS: dict[str, dict[str, Any]] = {
    "CE": {"color": LOSS_COLOURS[0], "linestyle": "--", "marker": "o"},
    "ICV": {"color": LOSS_COLOURS[1], "linestyle": "-", "marker": "s"},
    "raw pixels": {"color": LOSS_COLOURS[2], "linestyle": ":", "marker": "^"},
    "PCA": {"color": LOSS_COLOURS[3], "linestyle": ":", "marker": "v"},
    "LDA": {"color": LOSS_COLOURS[4], "linestyle": ":", "marker": "D"},
}


def accuracy_figure(rows: Rows) -> Figure:
    """Return a column for each data set and shape of the embedding.

    Above, accuracy among new classes by Euclidean distance, mean over choices of classes and seeds, of each
    embedding; below, ICV − CE: a dot a choice, mean and 95 % t interval over choices.
    """
    chosen = [row for row in rows if (row["measure"], row["distance"]) == ("among_new", "euclidean")]
    order = list(dict.fromkeys(row["data"] for row in chosen))
    shapes = sorted(
        {
            (r["data"], r["embedding_dim"], r["normalize"], r["settings"])
            for r in chosen
            if r["method"] == "network"
        },
        key=lambda shape: (order.index(shape[0]), shape[2], shape[1], shape[3]),
    )
    with rc_context(SETTINGS):
        figure, axes = new_figure(2, len(shapes))
        for (upper, lower), (data, dim, unit, other) in zip(axes.T, shapes, strict=True):
            own = [
                r for r in chosen
                if (r["data"], r["embedding_dim"]) == (data, dim)
                and (r["normalize"], r["settings"]) in ((unit, other), ("", ""))
            ]  # fmt: skip
            settings = sorted({(r["ways"], r["shots"]) for r in own})
            _draw_accuracies(upper, own, settings)
            _draw_differences(lower, own, settings)
            upper.set_title("\n".join(filter(None, (data_title(data), shape_title(dim, unit), other))))
            lower.set_xlabel("new classes from images of each")
        axes[0, 0].set_ylabel("accuracy among new classes")
        axes[1, 0].set_ylabel("ICV − CE, points")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def _draw_accuracies(axes: Axes, rows: Rows, settings: list[tuple[int, int]]) -> None:
    found: dict[str, dict[tuple[int, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        loss = "ICV" if row["lambda"] else "CE"
        name = loss if row["method"] == "network" else row["method"]
        found[name][row["ways"], row["shots"]].append(row["value"])
    for name in [name for name in LOOKS if name in found]:
        for ways in dict.fromkeys(ways for ways, _ in settings):  # a line joins equal numbers of classes
            places = [place for place, setting in enumerate(settings) if setting[0] == ways]
            means = [np.mean(found[name][settings[place]]) for place in places]
            label = name if settings[0][0] == ways else "_"
            axes.plot(places, means, label=label, markersize=3.5, linewidth=1.2, **LOOKS[name])
    _label(axes, settings)


def _draw_differences(axes: Axes, rows: Rows, settings: list[tuple[int, int]]) -> None:
    axes.axhline(0, color="0.6", linewidth=0.6)
    for place, setting in enumerate(settings):
        own = [row for row in rows if (row["ways"], row["shots"]) == setting]
        points = [100 * (pair["ours"] - pair["other"]) for pair in evidence(own)]
        if points:
            spread = np.linspace(-0.12, 0.12, len(points)) if len(points) > 1 else [0.0]
            axes.plot(place + np.asarray(spread), points, "o", color="0.6", markersize=2.5)
            interval = t_interval(points)
            look = {"color": LOSS_COLOURS[1], "capsize": 3, "markersize": 4, "marker": "s"}
            axes.errorbar(place + 0.25, interval.mean, np.nan_to_num(interval.half), **look)  # type: ignore[arg-type]
    _label(axes, settings)


def _label(axes: Axes, settings: Iterable[tuple[int, int]]) -> None:
    names = [f"{ways} from {shots}" for ways, shots in settings]
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.4, len(names) - 0.4)
