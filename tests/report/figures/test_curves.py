import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures.curves import curve_figures, draw_band, over_seeds, weight_figures
from tests.report.grid import same, write_run


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    grid = tmp_path_factory.mktemp("grid")
    for weight in (0.0, 0.05, 1.0):
        for unit in (False, True):
            for seed in range(3):
                final = 0.95 + 0.01 * seed * (weight > 0)
                curve = {key: [final - 0.2, final - 0.1, final] for key in same(0)}
                write_run(grid, Cell("mnist", weight, 2, unit), seed, same(final), epochs=3, curve=curve)
    (only,), _ = grouped(read_runs([grid]))
    return only


def test_bands_are_t_intervals_by_epoch():
    band = over_seeds([pd.Series({1: 1.0, 2: 4}), pd.Series({1: 2.0, 2: 5}), pd.Series({1: 3.0})])
    assert band.loc[1].tolist() == pytest.approx([2, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5], rel=1e-6)
    assert band.loc[2].tolist() == pytest.approx(
        [4.5, 4.5 - 12.706205 * 0.5, 4.5 + 12.706205 * 0.5], rel=1e-6
    )


def test_one_seed_has_no_band():
    assert over_seeds([pd.Series({1: 0.5})])[["low", "high"]].isna().all().all()


def test_bands_end_where_accuracies_do():
    panel = Figure().subplots()
    band = pd.DataFrame({"mean": [0.5, 0.9], "low": [-0.4, 0.7], "high": [0.8, 1.1]}, index=[1, 2])
    draw_band(panel, band, {"color": "k"}, "x")
    draw_band(panel, band, {"color": "k"}, "σ in spacings", most=None)
    extents = [drawn.get_paths()[0].get_extents() for drawn in panel.collections]
    assert [(extent.y0, extent.y1) for extent in extents] == [(0, 1), (0, 1.1)]


def test_accuracies_by_epoch(variant):
    mnist, fashion = curve_figures(variant)
    assert (mnist.stem, fashion.stem) == ("epochs_mnist", "epochs_fashion_mnist")
    assert fashion.figure is None
    panels = mnist.figure.get_axes()
    assert len(panels) == 3 * 2  # measures by shapes
    assert [line.get_label() for line in panels[0].get_lines()] == ["CE", "ICV λ 0.05", "ICV λ 1"]
    assert panels[0].get_lines()[1].get_ydata() == pytest.approx([0.76, 0.86, 0.96])
    assert len({panel.get_ylim() for panel in panels}) == 1
    assert len(panels[0].collections) == 2  # bands; the equal values of CE have none


def test_lambda_against_accuracies_with_whiskers_and_published_values(variant):
    mnist, _ = weight_figures(variant)
    panels = mnist.figure.get_axes()
    assert len({panel.get_ylim() for panel in panels}) == 1
    assert [tick.get_text() for tick in panels[0].get_xticklabels()] == ["0", "0.05", "1"]
    (legend,) = mnist.figure.legends
    labels = {text.get_text() for text in legend.get_texts()}
    assert labels == {
        "highest score", "nearest class mean", "nearest centroid", "published, table 1", "published, table 2"
    }  # fmt: skip
    low, high = panels[0].get_ylim()
    for line in (line for panel in panels for line in panel.get_lines()):
        inside = (np.asarray(line.get_ydata(), dtype=float) - low) / (high - low)
        assert ((inside > 0.04) & (inside < 0.96)).all()  # no marker is cut by an edge
    published = [line for line in panels[0].get_lines() if line.get_label() == "published, table 2"]
    assert np.asarray(published[0].get_ydata()) == pytest.approx([0.986, 0.986, 0.985])


def test_no_ended_run_is_said(tmp_path):
    write_run(tmp_path, Cell("digits", 0.05, 2, False), 0, status="running")
    (variant,), _ = grouped(read_runs([tmp_path]))
    assert [d.caption for d in (*curve_figures(variant), *weight_figures(variant))] == [
        "Not drawn: no epoch has ended.", "Not drawn: no run has ended."
    ]  # fmt: skip
