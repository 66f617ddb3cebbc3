"""Pictures: their projection against scikit-learn, and that they show what they are given."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA

from icv_lightning.callbacks import figures

NAMES = [str(k) for k in range(3)]


def cloud(dim: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centroids = rng.normal(size=(3, dim)) * 4
    target = np.repeat(np.arange(3), 40)
    return rng.normal(size=(120, dim)) + centroids[target], target, centroids


@pytest.mark.parametrize("dim", [3, 4, 10])
def test_more_dimensions_are_projected_on_the_first_principal_components(dim: int) -> None:
    embeddings, _, centroids = cloud(dim)
    points, marks, labels = figures.in_plane(embeddings, centroids)
    oracle = PCA(2).fit(embeddings)
    for mine, theirs in ((points, oracle.transform(embeddings)), (marks, oracle.transform(centroids))):
        signs = np.sign((points * oracle.transform(embeddings)).sum(0))
        assert mine * signs == pytest.approx(theirs, abs=1e-9)
    assert labels[0].endswith(f"{oracle.explained_variance_ratio_[0]:.0%}")


def test_two_dimensions_are_drawn_as_they_are_and_one_on_a_line() -> None:
    embeddings, _, centroids = cloud(2)
    points, marks, _ = figures.in_plane(embeddings, centroids)
    assert np.array_equal(points, embeddings)
    assert np.array_equal(marks, centroids)
    points, marks, _ = figures.in_plane(embeddings[:, :1], centroids[:, :1])
    assert points.tolist() == [[z, 0.0] for z in embeddings[:, 0]]
    assert marks.shape == (3, 2)


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_what_is_not_finite_is_left_out(dim: int) -> None:
    embeddings, target, centroids = cloud(dim)
    alone, _, _ = figures.in_plane(embeddings[1:], centroids)
    embeddings[0] = np.inf
    points, _, _ = figures.in_plane(embeddings, centroids)
    assert np.isnan(points[0]).all()
    assert points[1:] == pytest.approx(alone)
    figures.embedding_scatter(np.full_like(embeddings, np.nan), target, centroids, NAMES, "diverged")


def test_a_scatter_shows_each_class_in_its_colour_and_the_centroids() -> None:
    embeddings, target, centroids = cloud(2)
    image = np.asarray(figures.embedding_scatter(embeddings, target, centroids, NAMES, "epoch 1"))
    assert image.shape == (500, 500, 3)
    for color in (figures.colors(3)[:, :3] * 255).round():
        assert (np.abs(image - color) < 3).all(2).sum() > 20
    without = np.asarray(figures.embedding_scatter(embeddings, target, centroids * np.nan, NAMES, "epoch 1"))
    assert (image == 0).all(2).sum() > (without == 0).all(2).sum() + 20


@pytest.mark.parametrize("classes", [2, 10, 11, 200])
def test_any_number_of_classes_has_colours_of_its_own(classes: int) -> None:
    assert len(np.unique(figures.colors(classes), axis=0)) == classes


def test_confusion_shades_shares_of_a_row_and_bears_an_empty_class() -> None:
    image = np.asarray(figures.confusion_matrix(np.array([[9, 1], [0, 0]]), ["a", "b"], "test"))
    dark = (image.sum(2) < 250).sum()
    paler = np.asarray(figures.confusion_matrix(np.array([[5, 5], [0, 0]]), ["a", "b"], "test"))
    assert dark > 10_000 > (paler.sum(2) < 250).sum()


def test_many_classes_are_drawn_without_names() -> None:
    names = [f"class {k}" for k in range(300)]
    figures.confusion_matrix(np.eye(300, dtype=int), names, "test")
    figures.class_bars(np.full(300, np.nan), names, "test")


def test_names_of_strangers_draw_no_warning_and_no_mathematics() -> None:
    """A sign without a glyph would be printed raw by Matplotlib, escape sequences of a terminal too."""
    names = ["\x1b[31mred", r"$\\frac{", "a\nb\x9b"]
    embeddings, target, centroids = cloud(2)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figures.embedding_scatter(embeddings, target, centroids, names, "epoch 1")
        figures.confusion_matrix(np.eye(3, dtype=int), names, "test")
        figures.class_bars(np.ones(3), names, "test")
    assert [str(warning.message) for warning in said if "Glyph" in str(warning.message)] == []
