"""Plans of cells, and differences labelled by what tells their two cells apart."""

from icv_lightning.paper.contrasts import Plan, difference
from icv_lightning.records.cells import Cell

PLAN = Plan(["mnist"], [2, 4], [0.05, 1.0], normalize=(False,))
ICV = Cell("mnist", 0.05, 2, False)


def test_a_plan_has_the_cells_of_its_sizes_weights_and_normalisations():
    assert PLAN.shapes(False) == [("mnist", 2, False), ("mnist", 4, False)]
    assert PLAN.shapes(True) == []
    assert PLAN.icv(False, True) == [Cell("mnist", w, n, False) for n in (2, 4) for w in (0.05, 1.0)]


def test_a_difference_says_what_differs():
    plain = difference(ICV, ICV._replace(weight=0.0))
    assert plain.label.endswith("− CE")
    assert [(term.weight, term.cell.weight, term.measure) for term in plain.terms] == [
        (1, 0.05, ""),
        (-1, 0, ""),
    ]
    both = difference(ICV, ICV._replace(weight=0.0, normalize=True), 0.01, by=("acc_cosine", "by cosine"))
    assert both.label.endswith("− normalised, CE, by cosine")
    assert (both.margin, both.similar, both.terms[1].measure) == (0.01, False, "acc_cosine")
