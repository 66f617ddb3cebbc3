from collections import Counter

import pytest

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.tables import paper_tables, signed
from tests.report.grid import same, write_grid, write_run

CELL = Cell("mnist", 0.05, 2, False)


def tables_of(grid):
    (variant, *_), _ = grouped(read_runs([grid]))
    return paper_tables(variant)


def entry(grid, cell=CELL):
    return tables_of(grid)[0].entries[cell]


def test_rows_and_columns_stand_as_in_the_paper(tmp_path):
    table = tables_of(write_grid(tmp_path, lambda cell, seed: 0.9, seeds=1))[2]
    assert table.title == "Table 2. Highest score"
    assert table.columns == [(False, 2), (False, 4), (True, 2), (True, 4)]
    assert table.rows == [
        (data, weight) for weight in (0.0, 1.0, 0.5, 0.05) for data in ("mnist", "fashion_mnist")
    ]
    assert [e.published for e in table.row("fashion_mnist", 1.0)] == [0.882, 0.904, 0.884, 0.915]


def test_the_two_nearest_centroid_tables_are_not_one(tmp_path):
    write_run(tmp_path, CELL, 0, {"acc": 0.98, "acc_nearest_class_mean": 0.97, "acc_nearest_centroid": 0.5})
    assert [t.entries[CELL].interval.mean for t in tables_of(tmp_path)] == [0.97, 0.5, 0.98]
    assert [t.entries[CELL].published for t in tables_of(tmp_path)] == [0.972, 0.972, 0.986]


def test_one_seed_has_no_interval(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9713))
    found = entry(tmp_path)
    assert (found.ours, found.beside) == ("0.971", "0.972, -0.001")


def test_several_seeds_have_mean_and_half_width(tmp_path):
    for seed, value in enumerate((0.970, 0.972, 0.974)):
        write_run(tmp_path, CELL, seed, same(value))
    found = entry(tmp_path)
    # standard error 0.002 / √3, times 4.302653
    assert (found.ours, found.beside) == ("0.972 ± 0.005", "0.972, 0.000")


def test_missing_failed_and_running_cells_show_as_such(tmp_path):
    write_run(tmp_path, CELL, 0, status="failed")
    write_run(tmp_path, Cell("mnist", 0.5, 2, False), 0, status="running")
    write_run(tmp_path, Cell("mnist", 0.5, 4, False), 0, same(0.99))
    write_run(tmp_path, Cell("mnist", 0.5, 4, False), 1, same(0.99))
    write_run(tmp_path, Cell("mnist", 0.5, 4, False), 2, status="failed")
    assert entry(tmp_path).ours == "failed"
    assert entry(tmp_path).statuses == Counter(failed=1)
    assert entry(tmp_path, Cell("mnist", 0.5, 2, False)).ours == "running"
    assert entry(tmp_path, Cell("mnist", 0.5, 4, False)).ours == "0.990 (n = 2, 1 failed)"  # equal
    assert entry(tmp_path, Cell("fashion_mnist", 0.0, 4, True)).ours == "not run"
    assert entry(tmp_path, Cell("fashion_mnist", 0.0, 4, True)).beside == "0.894"


def test_other_data_have_their_own_cells_and_nothing_published(tmp_path):
    write_run(tmp_path, Cell("digits", 0.1, 8, True), 0, same(0.9))
    table = tables_of(tmp_path)[0]
    assert (table.rows, table.columns) == ([("digits", 0.1)], [(True, 8)])
    assert table.entries[Cell("digits", 0.1, 8, True)].beside == ""


def test_validation_results_stand_beside_nothing_published(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9), data__val_size=5000)
    assert entry(tmp_path).published is None


@pytest.mark.parametrize(("difference", "text"), [(0.0004, "0.000"), (-0.0004, "0.000"), (-0.0006, "-0.001")])
def test_zero_has_no_sign(difference, text):
    assert signed(difference) == text


def test_runs_of_no_cell_of_the_paper_fill_no_table_of_its_grid(tmp_path):
    write_run(tmp_path, Cell("mnist", 0.03, 16, False), 0, same(0.9))
    write_run(tmp_path, Cell("mnist", 0.2, 4, False), 0, same(0.8))
    (variant,), _ = grouped(read_runs([tmp_path]))
    table = paper_tables(variant)[0]
    assert (table.columns, table.rows) == ([(False, 4), (False, 16)], [("mnist", 0.2), ("mnist", 0.03)])
    assert [entry.ours for entry in table.row("mnist", 0.03)] == ["not run", "0.900"]
