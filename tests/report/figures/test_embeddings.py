import pytest

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures.embeddings import embedding_figures
from tests.report.grid import FASHION, embed, same, write_run


def drawings(grid):
    (variant,), _ = grouped(read_runs([grid]))
    return {drawing.stem: drawing for drawing in embedding_figures(variant)}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Give the figures of a grid that lacks Fashion-MNIST in 4-d and one cell of figure 2."""
    grid = tmp_path_factory.mktemp("grid")
    cells = [
        Cell(data, w, 2, u) for data in ("mnist", "fashion_mnist") for w in (0.0, 0.05) for u in (False, True)
    ]
    cells += [Cell("mnist", w, 4, u) for w in (0.0, 0.05) for u in (False, True)]
    cells.remove(Cell("mnist", 0.05, 2, True))
    for cell in cells:
        names = FASHION if cell.data == "fashion_mnist" else None
        write_run(grid, cell, 0, same(0.9), snapshots=[embed(cell, 0, 100, 80)], epochs=1, class_names=names)
    return drawings(grid)


def panels(drawing):
    return drawing.figure.get_axes()


def test_the_five_figures_in_order(drawn):
    assert list(drawn) == ["figure1", "figure2", "figure3", "figure4", "figure5"]
    assert drawn["figure1"].title == "Figure 1. MNIST, 2-d training embeddings"


def test_panels_stand_in_the_paper_s_order(drawn):
    titles = [panel.get_title() for panel in panels(drawn["figure3"])]
    assert titles == [
        "not normalised, CE",
        "not normalised, ICV λ 0.05",
        "normalised, CE",
        "normalised, ICV λ 0.05",
    ]
    assert len(panels(drawn["figure1"])) == 2


def test_compared_panels_have_equal_axes(drawn):
    for stem in ("figure1", "figure3", "figure4"):
        assert len({(*p.get_xlim(), *p.get_ylim()) for p in panels(drawn[stem])}) == 1
        assert {p.get_aspect() for p in panels(drawn[stem])} == {1.0}


def test_centroids_and_class_means_are_marked_in_every_panel(drawn):
    for panel in panels(drawn["figure3"]):
        assert [line.get_marker() for line in panel.get_lines()] == ["X", "+"]
        assert all(len(line.get_xdata()) == 10 for line in panel.get_lines())
        assert [text.get_text() for text in panel.texts] == list("0123456789")


def test_fashion_has_its_class_names(drawn):
    (legend,) = drawn["figure3"].figure.legends
    assert "9 Ankle boot" in [text.get_text() for text in legend.get_texts()]


def test_a_missing_cell_is_said_in_its_panel(drawn):
    *_, last = panels(drawn["figure2"])
    assert [text.get_text() for text in last.texts] == ["no snapshot"]
    assert not last.collections


def test_a_figure_without_any_cell_says_why(drawn):
    assert drawn["figure5"].figure is None
    assert drawn["figure5"].caption.startswith(
        "Not drawn: no snapshot of Fashion-MNIST, N = 4, not normalised, CE;"
    )


def test_four_dimensions_say_what_two_components_explain(drawn):
    assert all(panel.get_title().endswith("% of the variance") for panel in panels(drawn["figure4"]))


def test_an_unfinished_run_is_labelled(tmp_path):
    cell = Cell("mnist", 0.05, 2, False)
    write_run(tmp_path, cell, 0, status="running", snapshots=[embed(cell, 0, 50, 30)])
    assert (
        panels(drawings(tmp_path)["figure1"])[1].get_title() == "not normalised, ICV λ 0.05\nrunning, epoch 1"
    )


def test_other_data_get_the_figures_of_mnist_under_their_own_name(tmp_path):
    cell = Cell("digits", 0.05, 2, False)
    write_run(tmp_path, cell, 0, same(0.9), snapshots=[embed(cell, 0, 50, 30)], epochs=1)
    found = drawings(tmp_path)
    assert list(found) == ["figure1_digits", "figure2_digits", "figure4_digits"]
    assert found["figure1_digits"].title == "Figure 1. digits, 2-d training embeddings"
