import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures import steps
from icv_lightning.report.figures.steps import films, step_figures
from icv_lightning.report.figures.style import class_look, new_figure
from tests.report.grid import embed, same, write_run

CE, ICV = Cell("mnist", 0.0, 2, False), Cell("mnist", 0.05, 2, False)


def variant_of(grid):
    (variant,), _ = grouped(read_runs([grid]))
    return variant


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    grid = tmp_path_factory.mktemp("grid")
    for cell, epochs in ((CE, 5), (ICV, 6)):
        snapshots = (embed(cell, 0, 60, 40, (e + 1) / epochs) for e in range(epochs))
        write_run(grid, cell, 0, same(0.9), epochs=6, snapshots=snapshots)
    (grid / "mnist-d2-raw-l0.05-learned-s0-00000000" / "embeddings" / "epoch_004.npz").unlink()
    return variant_of(grid)


def test_figures_6_and_7_show_the_paper_s_epochs(variant):
    six, seven = step_figures(variant)
    assert (six.stem, seven.stem) == ("figure6", "figure7")
    assert six.title.endswith("ICV λ 0.05")
    assert seven.title.endswith("CE")
    shown = [panel.get_title() for panel in six.figure.get_axes() if panel.axison]
    assert shown == [f"epoch {e}" for e in (1, 2, 3, 4, 5)]  # 8 and later lie beyond the run's six


def test_a_missing_epoch_is_said(variant):
    six, _ = step_figures(variant)
    fourth = six.figure.get_axes()[3]
    assert [text.get_text() for text in fourth.texts] == ["no snapshot"]


def test_axes_are_equal_and_the_unit_is_that_of_the_last_epoch(variant):
    six, _ = step_figures(variant)
    drawn = [panel for panel in six.figure.get_axes() if panel.collections]
    assert len({panel.get_xlim() for panel in drawn}) == 1
    reach = [max(abs(panel.get_lines()[1].get_xdata())) for panel in drawn]
    assert reach == sorted(reach)  # embeddings grow from the origin, in one unit


def test_no_run_is_said(tmp_path):
    write_run(tmp_path, Cell("mnist", 0.05, 4, False), 0, same(0.9))
    assert [d.caption for d in step_figures(variant_of(tmp_path))] == [
        "Not drawn: no snapshot of MNIST, N = 2, not normalised, ICV λ 0.05.",
        "Not drawn: no snapshot of MNIST, N = 2, not normalised, CE.",
    ]


def test_the_film_has_a_frame_for_every_epoch_and_runs_for_ever(variant):
    ((stem, caption, content),) = films(variant)
    assert stem == "embeddings_mnist"
    assert "by epoch" in caption
    film = Image.open(io.BytesIO(content))
    assert (film.format, film.n_frames, film.info["loop"]) == ("GIF", 6, 0)
    pixels = np.asarray(film.convert("RGB"), int).reshape(-1, 3)
    for k in range(10):  # of the legend at the least
        wanted = 255 * np.array(to_rgb(class_look(k)[0]))
        assert np.abs(pixels - wanted).max(1).min() < 32


def test_the_film_draws_every_class_in_both_panels_at_one_scale(variant, monkeypatch):
    drawn = []
    monkeypatch.setattr(steps, "draw", lambda panel, view, reach, **_: drawn.append(reach))
    list(films(variant))
    assert len(drawn) == 12
    assert len(set(drawn)) == 1


@pytest.mark.parametrize("k", range(10))
def test_a_class_s_marker_is_seen_at_the_film_s_size(k):
    figure, ((panel,),) = new_figure(1, 1, 1, 1)
    figure.set_dpi(80)
    colour, marker = class_look(k)
    panel.set_axis_off()
    panel.scatter([0.5], [0.5], s=6, c=colour, marker=marker, linewidths=0)
    figure.canvas.draw()
    assert (np.asarray(figure.canvas.buffer_rgba())[..., :3] < 250).any()


def test_no_snapshots_make_no_film(tmp_path):
    write_run(tmp_path, CE, 0, same(0.9))
    assert list(films(variant_of(tmp_path))) == []
