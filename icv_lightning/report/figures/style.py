"""The style of figures, with colours and markers for colour-blind readers, and how they are saved."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from icv_lightning.escaping import file_stem, plain_text
from icv_lightning.records.files import replaced, write_bytes

# Ten colours of Petroff 2021, "Accessible color sequences for data visualization" (arXiv 2107.02270).
CLASS_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
CLASS_MARKERS = "osD^vd<>*p"  # a plus of arms below a pixel is not drawn at all
# Okabe and Ito 2008, with a dash pattern each.
LOSS_COLOURS = ("#000000", "#0072b2", "#e69f00", "#cc79a7", "#009e73", "#d55e00", "#56b4e9")
LOSS_DASHES: tuple[Any, ...] = ((0, (4, 1.5)), "-", (0, (1, 1)), (0, (5, 1, 1, 1)), "-", "--", ":")
SETTINGS: dict[Any, Any] = {
    "font.size": 8.5, "axes.titlesize": 9, "axes.labelsize": 8.5, "legend.fontsize": 8,
    "legend.frameon": False, "legend.handletextpad": 0.4, "legend.columnspacing": 1.4,
    "axes.linewidth": 0.6, "axes.edgecolor": "0.4", "xtick.labelsize": 7, "ytick.labelsize": 7,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6,
}  # fmt: skip
DPI = 150
PANEL = 2.7  # inches, the side of a square panel


class Drawing(NamedTuple):
    """A figure, or the reason why there is none.

    Attributes:
        stem: name of its files.
        title: what the figure shows.
        caption: how it was made, and of which runs.
        figure: the drawing; None where nothing can be drawn.
    """

    stem: str
    title: str
    caption: str
    figure: Figure | None = None


def new_figure(
    rows: int,
    columns: int,
    width: float = PANEL,
    height: float = PANEL,
    layout: Literal["constrained", "compressed"] = "constrained",
) -> tuple[Figure, np.ndarray]:
    """Return a figure and its panels (rows x columns); no window, no global state."""
    figure = Figure(figsize=(width * columns, height * rows), layout=layout)
    FigureCanvasAgg(figure)
    axes: np.ndarray = figure.subplots(rows, columns, squeeze=False)
    return figure, axes


def class_look(k: int) -> tuple[str, str]:
    """Return colour and marker of class k."""
    return CLASS_COLOURS[k % len(CLASS_COLOURS)], CLASS_MARKERS[(k + k // 10) % len(CLASS_MARKERS)]


def loss_look(weights: Sequence[float]) -> dict[float, dict[str, Any]]:
    """Return line properties by λ, cross-entropy (0) black."""
    return {w: line_look(i) for i, w in enumerate(sorted({*weights, 0.0}))}


def line_look(i: int) -> dict[str, Any]:
    """Return the properties of the i-th line of a figure; after seven colours the dashes move on."""
    dashes = LOSS_DASHES[(i + i // 7) % 7]
    return {"color": LOSS_COLOURS[i % 7], "linestyle": dashes, "linewidth": 1.6}


def class_handles(names: Sequence[str], centres: bool = True) -> list[Line2D]:
    """Return legend entries of classes, learned centroids and class means."""
    handles = []
    for k, name in enumerate(names):
        colour, marker = class_look(k)
        text = plain_text(name if name == str(k) else f"{k} {name}")
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle="", markersize=6, label=text))
    if centres:
        handles += [Line2D([], [], linestyle="", label=label, **look) for label, look in CENTRES.items()]  # type: ignore[arg-type]
    return handles


CENTRES: dict[str, dict[str, Any]] = {
    "centroid": {
        "marker": "X",
        "markersize": 6,
        "markerfacecolor": "white",
        "markeredgecolor": "black",
        "markeredgewidth": 0.9,
    },
    "class mean": {"marker": "+", "markersize": 6.5, "markeredgecolor": "black", "markeredgewidth": 1.3},
}


def empty_panel(axes: Axes, reason: str, square: bool = False) -> None:
    """Say in a panel why nothing is drawn there; `square` beside panels of equal axes."""
    axes.text(0.5, 0.5, plain_text(reason), ha="center", va="center", color="0.4", transform=axes.transAxes)
    axes.set(xticks=[], yticks=[], box_aspect=1 if square else None)


def settle(figure: Figure) -> None:
    """Lay the panels out once and for all: doing it again for every file and frame takes most of the time."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    with replaced(path) as file:
        figure.savefig(file, format="png", dpi=DPI)


def save(figure: Figure, folder: Path, stem: str) -> bytes:
    """Write `<stem>.png` and `<stem>.pdf` into `folder`; return the PNG."""
    stem = file_stem(stem)
    png = io.BytesIO()
    settle(figure)
    figure.savefig(png, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    write_bytes(folder / f"{stem}.png", png.getvalue())
    with replaced(folder / f"{stem}.pdf") as file:
        figure.savefig(file, format="pdf", dpi=DPI, bbox_inches="tight", metadata={"CreationDate": None})
    return png.getvalue()
