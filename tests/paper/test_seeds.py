from icv_lightning.paper.seeds import planned_seeds
from icv_lightning.records.cells import Cell


def test_seeds_planned_by_precision():
    cell = Cell("mnist", 0.05, 2, False)
    assert planned_seeds(cell, "32-true") == (1, 2, 3)
    assert planned_seeds(cell, "bf16-mixed") == tuple(range(1, 11))
    assert planned_seeds(cell, "16-mixed") == (1, 2, 3)


def test_seed_0_never_judges_the_papers_cells():
    for precision in ("32-true", "bf16-mixed", "64-true"):
        assert 0 not in planned_seeds(Cell("fashion_mnist", 0.0, 4, True), precision)


def test_other_data_sets_have_no_plan():
    assert planned_seeds(Cell("digits", 0.05, 2, False), "32-true") is None
