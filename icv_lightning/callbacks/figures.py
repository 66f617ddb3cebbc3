"""Pictures of embeddings, confusion and variances. They know no tracker, and no pyplot."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from icv_lightning.escaping import plain_text

Array = np.ndarray
SIDE = 5.0  # inches, at 100 dots each
NAMED = 20  # classes; with more, names would cover the picture


def embedding_scatter(
    embeddings: Float[Array, "samples dim"],
    target: Int[Array, " samples"],
    centroids: Float[Array, "classes dim"],
    class_names: Sequence[str],
    title: str,
) -> Image.Image:
    """Draw embeddings by class and the centroids (figures 6 and 7 of the paper).

    More than two dimensions are projected on the first two principal components of the embeddings
    (figures 4 and 5), one is drawn on a line. What is not finite is left out.
    """
    figure, axes = _blank(title)
    points, marks, labels = in_plane(embeddings, centroids)
    for k, color in enumerate(colors(len(class_names))):
        axes.plot(*points[target == k].T, "o", ms=2, mew=0, color=color)
    axes.plot(*marks.T, "X", ms=9, mec="white", mfc="black")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_aspect("equal", adjustable="datalim")
    if len(class_names) <= NAMED:
        _add_legend(axes, class_names)
    return _image(figure)


def confusion_matrix(
    confusion: Int[Array, "classes classes"], class_names: Sequence[str], title: str
) -> Image.Image:
    """Draw counts, true classes in rows, as shares of their row."""
    figure, axes = _blank(title)
    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(class_names) <= NAMED:
        names = _plain(class_names)
        axes.set_xticks(range(len(names)), names, rotation=_slope(names), fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                color = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, count, ha="center", va="center", fontsize=7, color=color)
    return _image(figure)


def class_bars(values: Float[Array, " classes"], class_names: Sequence[str], title: str) -> Image.Image:
    """Draw a bar per class."""
    figure, axes = _blank(title)
    axes.bar(range(len(values)), np.nan_to_num(values), color=colors(len(values)))
    if len(class_names) <= NAMED:
        names = _plain(class_names)
        axes.set_xticks(range(len(names)), names, rotation=_slope(names), fontsize=7)
    return _image(figure)


def in_plane(
    embeddings: Float[Array, "samples dim"], centroids: Float[Array, "classes dim"]
) -> tuple[Float[Array, "samples 2"], Float[Array, "classes 2"], tuple[str, str]]:
    """Return embeddings and centroids in two dimensions, and what the axes show.

    From more than two dimensions they are projected on the first two principal components of the
    embeddings, with the share of the variance that each holds. What is not finite becomes NaN.
    """
    finite = np.isfinite(embeddings).all(1)
    points = np.where(finite[:, None], embeddings, 0.0).astype(np.float64)
    dim = points.shape[1]
    labels = ("$z_1$", "$z_2$")
    if dim == 1:
        points, centroids = (np.pad(values, ((0, 0), (0, 1))) for values in (points, centroids))
        labels = ("$z$", "")
    elif dim > 2 and finite.any():
        kept = points[finite]
        variances, axes = np.linalg.eigh(np.cov(kept.T, bias=True))
        center, plane = kept.mean(0), axes[:, :-3:-1]
        points, centroids = (points - center) @ plane, (centroids - center) @ plane
        shares = variances[:-3:-1] / max(variances.sum(), np.finfo(float).tiny)
        labels = (f"1st principal component, {shares[0]:.0%}", f"2nd, {shares[1]:.0%}")
    points[~finite] = np.nan  # matplotlib leaves these out
    return points[:, :2], centroids[:, :2], labels


def _add_legend(axes: Any, class_names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    shades = colors(len(class_names))
    dots = [Line2D([], [], ls="", marker="o", ms=5, color=shade) for shade in shades]
    cross = Line2D([], [], ls="", marker="X", ms=8, mec="white", mfc="black")
    axes.legend(
        [*dots, cross], [*_plain(class_names), "centroid"], fontsize=7, frameon=False, handletextpad=0.2,
        loc="upper left", bbox_to_anchor=(1, 1), borderaxespad=0,
    )  # fmt: skip


def colors(count: int) -> Float[Array, "classes 4"]:
    """Return a colour for each of `count` classes, red, green, blue and opacity."""
    from matplotlib import colormaps

    if count <= 10:
        return np.asarray(colormaps["tab10"](range(count)))
    return np.asarray(colormaps["gist_rainbow"](np.linspace(0, 1, count)))


def _plain(class_names: Sequence[str]) -> list[str]:
    return [plain_text(name) for name in class_names]


def _slope(class_names: Sequence[str]) -> int:
    return 90 if max(map(len, class_names)) > 2 else 0


def _blank(title: str) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIDE, SIDE), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=10)
    return figure, axes


def _image(figure: Any) -> Image.Image:
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())
