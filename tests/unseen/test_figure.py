"""The figure: which means and differences it draws, and where."""

import pytest

from icv_lightning.unseen.figure import accuracy_figure

RUN = {
    "data": "mnist", "seed": 0, "embedding_dim": 16, "normalize": False, "settings": "", "method": "network",
    "distance": "euclidean", "measure": "among_new", "ways": 3,
}  # fmt: skip


def rows() -> list[dict]:
    """Two choices of classes: CE 0.5, 0.6 and ICV 0.6, 0.9 from 1 image, all 0.8 from 5; PCA 0.3."""
    values = {
        ("a", 0.0, 1): 0.5, ("b", 0.0, 1): 0.6, ("a", 0.05, 1): 0.6, ("b", 0.05, 1): 0.9,
        ("a", 0.0, 5): 0.8, ("b", 0.0, 5): 0.8, ("a", 0.05, 5): 0.8, ("b", 0.05, 5): 0.8,
    }  # fmt: skip
    found = [
        RUN | {"trained_on": trained, "lambda": weight, "shots": shots, "value": value}
        for (trained, weight, shots), value in values.items()
    ]
    pca = {"method": "PCA", "normalize": "", "lambda": "", "trained_on": "a", "value": 0.3}
    other = {"measure": "auroc", "value": 99.0}
    return [*found, *(RUN | pca | {"shots": shots} for shots in (1, 5)), found[0] | other]


def test_means_above_and_differences_below():
    upper, lower = accuracy_figure(rows()).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in upper.lines}
    assert drawn == {
        "CE": pytest.approx([0.55, 0.8]), "ICV": pytest.approx([0.75, 0.8]), "PCA": pytest.approx([0.3, 0.3]),
    }  # fmt: skip
    assert [tick.get_text() for tick in upper.get_xticklabels()] == ["3 from 1", "3 from 5"]
    assert upper.get_title() == "MNIST\nN = 16, not normalised"
    points = [list(line.get_ydata()) for line in lower.lines if line.get_color() == "0.6"]
    assert points[1:] == [pytest.approx([10, 30]), pytest.approx([0, 0])]
    means = [container.lines[0].get_ydata()[0] for container in lower.containers]
    assert means == pytest.approx([20, 0])


def test_a_column_for_each_data_set_and_shape():
    normalised = [row | {"normalize": True} for row in rows() if row["method"] == "network"]
    digits = [row | {"data": "digits"} for row in rows()]
    figure = accuracy_figure([*rows(), *normalised, *digits])
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == [
        "MNIST\nN = 16, not normalised", "MNIST\nN = 16, normalised", "digits\nN = 16, not normalised",
    ]  # fmt: skip
    assert "PCA" in [line.get_label() for line in figure.axes[1].lines]


def test_a_column_for_each_network():
    other = [row | {"settings": "model lenet_pp"} for row in rows() if row["method"] == "network"]
    figure = accuracy_figure([*rows(), *other])
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["MNIST\nN = 16, not normalised", "MNIST\nN = 16, not normalised\nmodel lenet_pp"]


def test_one_choice_has_no_interval():
    one = [row for row in rows() if row["trained_on"] == "a"]
    _, lower = accuracy_figure(one).axes
    bars = [container.lines[2][0].get_segments()[0] for container in lower.containers]
    assert [bar[:, 1].tolist() for bar in bars] == [pytest.approx([10, 10]), pytest.approx([0, 0])]
