"""Figures 1 to 5 of the paper: embeddings of cross-entropy beside those of intra-class variance."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell, data_title, norm_title
from icv_lightning.records.runs import Run
from icv_lightning.records.snapshots import Snapshot
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.panels import View, draw, names_of, panel_title, pick, view_of
from icv_lightning.report.figures.style import Drawing, class_handles, empty_panel, new_figure

Shown = tuple[Run, Snapshot, View] | None
UNIT = (
    "Axes: spacings (mean distance of a class mean to the nearest other) around the mean of the class means, "
    "equal in all panels."
)


class PaperFigure(NamedTuple):
    """A figure of the paper: its number, data set, embedding size, part of the data, normalised or not."""

    number: int
    data: str
    dim: int
    part: str
    normalize: Sequence[bool]


PAPER_FIGURES = (
    PaperFigure(1, "mnist", 2, "train", [False]),
    PaperFigure(2, "mnist", 2, "watched", [False, True]),
    PaperFigure(3, "fashion_mnist", 2, "watched", [False, True]),
    PaperFigure(4, "mnist", 4, "watched", [False, True]),
    PaperFigure(5, "fashion_mnist", 4, "watched", [False, True]),
)


def paper_figures(data: Sequence[str]) -> list[PaperFigure]:
    """Return the paper's figures; a data set that it has not gets those of MNIST."""
    others = [name for name in data if name not in publication.DATA]
    own = [wanted for wanted in PAPER_FIGURES if wanted.data in data]
    return own + [
        wanted._replace(data=name) for name in others for wanted in PAPER_FIGURES if wanted.data == "mnist"
    ]


def embedding_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield figures 1 to 5 of the runs of `variant`."""
    for wanted in paper_figures(variant.data_sets()):
        yield _figure(variant, wanted)


def stem_of(number: int, data: str) -> str:
    """Return the name of a figure's files; the paper's own data sets need no name."""
    return f"figure{number}" if data in publication.DATA else f"figure{number}_{data}"


def _figure(variant: Variant, wanted: PaperFigure) -> Drawing:
    what = "training" if wanted.part == "train" else "test"
    through = "" if wanted.dim == 2 else " through a 2-component PCA fitted on train"
    title = f"Figure {wanted.number}. {data_title(wanted.data)}, {wanted.dim}-d {what} embeddings{through}"
    cells = [
        Cell(wanted.data, w, wanted.dim, u)
        for u in wanted.normalize
        for w in (0.0, publication.FIGURE_WEIGHT)
    ]
    shown = [_shown(variant, cell, wanted.part) for cell in cells]
    drawn = [item for item in shown if item]
    if not drawn:
        missing = f"Not drawn: no snapshot of {'; '.join(cell.title for cell in cells)}."
        return Drawing(stem_of(wanted.number, wanted.data), title, missing)
    figure, axes = new_figure(1, len(cells), layout="compressed")
    reach = max(view.reach for _, _, view in drawn)
    for panel, cell, item in zip(axes[0], cells, shown, strict=True):
        _panel(panel, variant, cell, item, reach)
    names = names_of(variant, wanted.data)
    figure.legend(handles=class_handles(names), loc="outside lower center", ncols=6)
    seeds = ", ".join(sorted({str(run.seed) for run, _, _ in drawn}))
    points = len(drawn[0][2].points)
    images = f"{points} {_part(drawn[0][1], what)} images a panel"
    caption = f"Seed {seeds}, {images}, class numbers at the class means. {UNIT}"
    return Drawing(stem_of(wanted.number, wanted.data), title, caption, figure)


def _shown(variant: Variant, cell: Cell, part: str) -> Shown:
    run = pick(variant, cell)
    snapshot = run.last_snapshot if run else None
    return (run, snapshot, view_of(snapshot, part)) if run and snapshot else None


def _panel(panel: Axes, variant: Variant, cell: Cell, item: Shown, reach: float) -> None:
    words = [norm_title(cell.normalize), variant.loss_title(cell.weight)]
    if item is None:
        empty_panel(panel, "no snapshot", square=True)
        panel.set_title(", ".join(words))
        return
    run, snapshot, view = item
    draw(panel, view, reach)
    explained = f"\n{view.explained:.0%} of the variance" if view.explained < 1 else ""
    panel.set_title(panel_title(run, snapshot, words) + explained)


def _part(snapshot: Snapshot, what: str) -> str:
    return "validation" if what == "test" and snapshot.part == "val" else what
