"""One panel of embeddings: points by class, learned centroids and class means, in spacings."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from sklearn.decomposition import PCA

from icv_lightning.escaping import plain_text
from icv_lightning.evaluation.geometry import spacing
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import Run
from icv_lightning.records.snapshots import Snapshot
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.style import CENTRES, class_look

POINTS = 4000  # drawn in a panel at most; drawn at random, the same for every panel


class View(NamedTuple):
    """Embeddings as drawn, two coordinates each, in spacings around the mean of the class means.

    Attributes:
        points: n x 2.
        target: n.
        centroids: K x 2.
        class_means: K x 2.
        explained: part of the training variance in the two components, 1 for N = 2.
    """

    points: np.ndarray
    target: np.ndarray
    centroids: np.ndarray
    class_means: np.ndarray
    explained: float

    @property
    def reach(self) -> float:
        """Return how far the panel must reach from its middle to hold every point, long tails too."""
        shown = (self.points, self.class_means, self.centroids)
        return 1.05 * max(float(np.nanmax(np.abs(array))) for array in shown)


class Frame(NamedTuple):
    """Where zero is, how long a unit, and the two directions that are drawn."""

    origin: np.ndarray
    unit: float
    axes: np.ndarray
    explained: float

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return the two coordinates of points (n x N), n x 2."""
        placed: np.ndarray = (points - self.origin) @ self.axes.T / self.unit
        return placed


def frame_of(snapshot: Snapshot) -> Frame:
    """Return the frame of a snapshot: N = 2 as it is, more through a 2-component PCA fitted on train."""
    means = snapshot.class_means
    origin, unit, size = np.nanmean(means, axis=0), spacing(means), means.shape[1]
    if size <= 2:
        axes = np.eye(2)[:, :size]
        return Frame(origin, unit, axes, 1.0)
    pca = PCA(n_components=2, svd_solver="full").fit(snapshot.train_embeddings.astype(np.float64))
    return Frame(origin, unit, pca.components_, float(pca.explained_variance_ratio_.sum()))


def view_of(
    snapshot: Snapshot, part: str = "watched", frame: Frame | None = None, points: int = POINTS
) -> View:
    """Return what a panel shows of `snapshot`.

    Args:
        snapshot: the embeddings.
        part: "train" or "watched" (test, or validation).
        frame: axes of the panel; None for those of this snapshot.
        points: drawn at most.
    """
    frame = frame or frame_of(snapshot)
    on_train = part == "train"
    embeddings = snapshot.train_embeddings if on_train else snapshot.embeddings
    target = snapshot.train_target if on_train else snapshot.target
    chosen = np.random.default_rng(0).permutation(len(target))[:points]
    return View(
        frame.place(embeddings[chosen]), target[chosen], frame.place(snapshot.centroids),
        frame.place(snapshot.class_means), frame.explained,
    )  # fmt: skip


def draw(axes: Axes, view: View, reach: float, size: float = 5.0, labels: bool = True) -> None:
    """Draw a view into a square panel that reaches `reach` spacings from its middle."""
    for k in range(len(view.class_means)):
        colour, marker = class_look(k)
        own = view.points[view.target == k]
        axes.scatter(
            own[:, 0], own[:, 1], s=size, c=colour, marker=marker, alpha=0.55, linewidths=0, rasterized=True
        )
    for (_, look), centres in zip(CENTRES.items(), (view.centroids, view.class_means), strict=True):
        axes.plot(centres[:, 0], centres[:, 1], linestyle="", zorder=4, **look)  # type: ignore[arg-type]
    if labels:
        _label_classes(axes, view)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.label_outer()


def _label_classes(axes: Axes, view: View) -> None:
    for k, (x, y) in enumerate(view.class_means):
        if np.isfinite([x, y]).all():
            axes.annotate(
                str(k), (x, y), (5, 4), textcoords="offset points", fontsize=8, fontweight="bold", zorder=5,
                path_effects=[withStroke(linewidth=2, foreground="white")], annotation_clip=True,
            )  # fmt: skip


def pick(variant: Variant, cell: Cell) -> Run | None:
    """Return the run of `cell` that is drawn: the lowest seed with snapshots, completed ones first."""
    runs = [run for run in variant.runs.get(cell, {}).values() if run.epochs]
    return min(runs, key=lambda run: (run.status != "completed", run.seed), default=None)


def names_of(variant: Variant, data: str) -> list[str]:
    """Return the class names of a data set, as a completed run has them."""
    for known in variant.all_runs:
        if known.cell.data == data and (names := known.results.get("class_names")):
            return [str(name) for name in names]
    sizes = [len(last.class_means) for cell in variant.runs if cell.data == data
             if (run := pick(variant, cell)) and (last := run.last_snapshot)]  # fmt: skip
    return [str(k) for k in range(max(sizes, default=0))]


def panel_title(run: Run, snapshot: Snapshot, words: Sequence[str]) -> str:
    """Return a panel's title; an unfinished run's says so in a line of its own."""
    state = [] if run.status == "completed" else [f"{run.status}, epoch {snapshot.epoch}"]
    return "\n".join(plain_text(line) for line in (", ".join(words), *state))
