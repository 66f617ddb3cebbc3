"""Runs as one table for pandas, whatever their status."""

from icv_lightning.records.cells import Cell
from icv_lightning.records.table import load_runs
from tests.report.grid import same, write_run


def test_a_run_that_has_not_ended_is_a_row_without_numbers(tmp_path):
    write_run(tmp_path, Cell("mnist", 0.05, 2, False), 0, same(0.9))
    write_run(tmp_path, Cell("mnist", 0.5, 2, True), 1, status="failed")
    table = load_runs(tmp_path).sort_values("seed")
    assert list(table.status) == ["completed", "failed"]
    assert list(table["lambda"]) == [0.05, 0.5]
    assert list(table.normalize) == [False, True]
    assert table["test/acc"].iloc[0] == 0.9
    assert table["test/acc"].isna().tolist() == [False, True]
    assert table.cause.isna().tolist() == [True, False]
