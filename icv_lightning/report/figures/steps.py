"""Figures 6 and 7 of the paper: 2-d embeddings with their centroids, epoch by epoch, and a film of them."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell, data_title
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.embeddings import stem_of
from icv_lightning.report.figures.panels import Frame, View, draw, frame_of, names_of, pick, view_of
from icv_lightning.report.figures.style import Drawing, class_handles, empty_panel, new_figure, settle

EPOCHS = (1, 2, 3, 4, 5, 8, 11, 14, 17, 20)  # those that the paper shows
POINTS = 2000
FILM_DPI = 80
FRAME_MS = 450
LAST_MS = 2500
UNIT = "Axes: spacings of the class means of the run's last epoch, equal in all panels."


def step_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield figures 6 (ICV, λ 0.05) and 7 (cross-entropy) of MNIST and of data new to the paper."""
    for data in variant.data_sets():
        if data != "fashion_mnist":
            for number, weight in ((6, publication.FIGURE_WEIGHT), (7, 0.0)):
                yield _figure(variant, number, Cell(data, weight, 2, False))


def _figure(variant: Variant, number: int, cell: Cell) -> Drawing:
    stem = stem_of(number, cell.data)
    what = "2-d training embeddings and centroids by epoch"
    title = f"Figure {number}. {data_title(cell.data)}, {what}, {variant.loss_title(cell.weight)}"
    run = pick(variant, cell)
    epochs = [epoch for epoch in EPOCHS if not run or epoch <= (run.max_epochs or max(EPOCHS))]
    views = _views(run, epochs) if run else {}
    if not run or not views:
        return Drawing(stem, title, f"Not drawn: no snapshot of {cell.title}.")
    columns = min(len(epochs), 5)
    figure, axes = new_figure(-(-len(epochs) // 5), columns, 2.2, 2.3, layout="compressed")
    reach = max(view.reach for view in views.values())
    for panel in axes.flat[len(epochs) :]:
        panel.set_axis_off()
    for panel, epoch in zip(axes.flat, epochs, strict=False):
        panel.set_title(f"epoch {epoch}")
        if epoch in views:
            draw(panel, views[epoch], reach, size=4, labels=epoch == max(views))
        else:
            empty_panel(panel, "no snapshot", square=True)
    figure.legend(handles=class_handles(names_of(variant, cell.data)), loc="outside lower center", ncols=6)
    caption = f"Seed {run.seed}, not normalised, at most {POINTS} training images a panel. {UNIT}"
    if run.status != "completed":
        caption += f" The run is {run.status}."
    return Drawing(stem, title, caption, figure)


def _views(run: Run, epochs: Sequence[int]) -> dict[int, View]:
    last = run.last_snapshot
    if last is None:
        return {}
    frame = frame_of(last)
    frame = Frame(
        np.zeros_like(frame.origin), frame.unit, frame.axes, 1.0
    )  # the embeddings grow from the origin
    found = {epoch: run.snapshot(epoch) for epoch in epochs}
    return {epoch: view_of(s, "train", frame, POINTS) for epoch, s in found.items() if s}


def films(variant: Variant) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, caption and GIF of cross-entropy beside ICV, 2-d, not normalised, for each data set."""
    for data in variant.data_sets():
        runs = [pick(variant, Cell(data, weight, 2, False)) for weight in (0.0, publication.FIGURE_WEIGHT)]
        shown = [(run, _views(run, list(run.epochs))) for run in runs if run]
        shown = [(run, views) for run, views in shown if views]
        if shown:
            caption = f"{data_title(data)}, 2-d training embeddings and centroids by epoch. {UNIT}"
            yield f"embeddings_{data}", caption, _film(shown, names_of(variant, data))


def _film(shown: Sequence[tuple[Run, dict[int, View]]], names: Sequence[str]) -> bytes:
    epochs = sorted(set.union(*(set(views) for _, views in shown)))
    figure, axes = new_figure(1, len(shown), 4.2, 5.2)
    figure.set_dpi(FILM_DPI)
    figure.legend(handles=class_handles(names), loc="outside lower center", ncols=6)
    reach = max(view.reach for _, views in shown for view in views.values())  # one scale: spacings compare
    frames: list[Image.Image] = []
    for epoch in epochs:
        for panel, (run, views) in zip(axes[0], shown, strict=True):
            panel.clear()
            _step(panel, run, views, epoch, reach)
        if not frames:
            settle(figure)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
        # by octree: a median cut of a nearly white picture merges the colours of small classes
        frames.append(
            Image.fromarray(pixels[..., :3]).quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        )
    file = io.BytesIO()
    durations = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    frames[0].save(
        file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True
    )
    return file.getvalue()


def _step(panel: Axes, run: Run, views: dict[int, View], epoch: int, reach: float) -> None:
    shown = max((e for e in views if e <= epoch), default=min(views))
    draw(panel, views[shown], reach, size=6)
    panel.set_title(f"{run.cell.loss_title}, epoch {shown}")
