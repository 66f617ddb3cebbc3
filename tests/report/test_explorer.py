"""The explorer's arrays; how it looks and moves is tested in a browser (test_browser.py)."""

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.explorer import write_explorer
from tests.report.grid import same, write_run

CELL = Cell("fashion_mnist", 0.05, 4, False)


def test_without_snapshots_there_is_no_explorer_and_no_old_one(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9))
    variants, _ = grouped(read_runs([tmp_path]))
    (tmp_path / "explorer.html").write_text("old")
    assert write_explorer(tmp_path / "explorer.html", variants, [tmp_path], "grid") == ""
    assert not (tmp_path / "explorer.html").exists()
