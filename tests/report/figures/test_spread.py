import numpy as np
import pytest

from icv_lightning.evaluation.geometry import own_and_other, spacing
from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures.spread import covariance_figures, distance_figures
from tests.report.grid import embed, same, within_components, write_run

CELLS = [Cell("digits", w, n, False) for w in (0.0, 0.05) for n in (2, 4)]


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    grid = tmp_path_factory.mktemp("grid")
    for cell in CELLS:
        snapshots = (embed(cell, 0, 200, 150, (e + 1) / 2) for e in range(2))
        write_run(grid, cell, 0, same(0.9), epochs=2, snapshots=snapshots)
    (only,), _ = grouped(read_runs([grid]))
    return only


def test_components_of_the_within_class_covariance_by_epoch(variant):
    (drawing,) = covariance_figures(variant)
    panels = drawing.figure.get_axes()
    assert len(panels) == 2 * 2  # components by shapes
    run = variant.runs[CELLS[2]][0]  # ICV, N = 2
    expected = [within_components(run.snapshot(e)) for e in (1, 2)]
    for component, panel in enumerate((panels[0], panels[2])):
        line = panel.get_lines()[1]
        assert line.get_label() == "ICV λ 0.05"
        assert np.asarray(line.get_ydata()) == pytest.approx([e[component] for e in expected])
    assert len({panel.get_ylim() for panel in panels}) == 1


def test_distances_to_own_and_nearest_other_means(variant):
    (drawing,) = distance_figures(variant)
    above, _, below, _ = drawing.figure.get_axes()
    last = variant.runs[CELLS[0]][0].last_snapshot  # CE, N = 2
    own, other = own_and_other(last.embeddings, last.target, last.class_means)
    unit = spacing(last.class_means)
    for panel, distances, part in ((above, own, lambda x: (own / unit >= x).mean()),
                                   (below, other, lambda x: (other / unit <= x).mean())):  # fmt: skip
        x, y = panel.get_lines()[0].get_data()
        assert x[-1] == pytest.approx(distances.max() / unit)
        middle = len(x) // 2
        assert y[middle] == pytest.approx(part(x[middle]), abs=1e-9)


def test_no_snapshot_is_said(tmp_path):
    write_run(tmp_path, CELLS[0], 0, same(0.9))
    (variant,), _ = grouped(read_runs([tmp_path]))
    assert [d.caption for d in (*covariance_figures(variant), *distance_figures(variant))] == [
        "Not drawn: no epoch with a spacing.",
        "Not drawn: no snapshot.",
    ]
