"""The command as a user runs it; the whole report is made once, where torch cannot be imported."""

import csv
import json
import re

from icv_lightning.report import __main__
from tests.report.conftest import HOSTILE, run_report


def test_every_file_is_there(report):
    names = {str(path.relative_to(report.folder)) for path in report.folder.rglob("*") if path.is_file()}
    assert {"index.html", "explorer.html", "results.json"} <= names
    assert {f"tables/{name}" for name in ("tables.md", "tables.tex", "tables.csv", "claims.csv")} <= names
    for stem in ("figure1", "figure2", "figure3", "figure6", "figure7", "epochs_mnist", "covariance_mnist",
                 "distances_fashion_mnist", "lambda_fashion_mnist"):  # fmt: skip
        assert {f"figures/{stem}.png", f"figures/{stem}.pdf"} <= names
    assert {"figures/embeddings_mnist.gif", "figures/embeddings_fashion_mnist.gif"} <= names


def test_the_terminal_shows_tables_claims_and_where_the_page_is(report):
    for text in (
        "Table 1. Nearest centroid",
        "Table 2. Highest score",
        "The paper's claims",
        "trainer.max_epochs=3",
    ):
        assert text in report.output
    assert str(report.folder / "index.html") in report.output


def test_failed_and_unfinished_cells_stand_in_the_tables(report):
    rows = list(csv.DictReader((report.folder / "tables" / "tables.csv").open()))
    leading = [row for row in rows if row["settings"] == rows[0]["settings"] and row["data"] == "mnist"]
    assert "trainer.max_epochs=3 (paper: 20)" in rows[0]["settings"]
    states = {(row["lambda"], row["embedding_dim"], row["normalize"]): row["status"] for row in leading}
    assert states["0.5", "2", "False"] == "1 running"
    assert states["0", "2", "False"] == "2 completed"
    assert states["1", "4", "True"] == "not run"


def test_results_json_lists_every_run_and_how_it_was_made(report):
    cells = json.loads((report.folder / "results.json").read_text())
    assert len(cells) == len([p for p in report.grid.iterdir() if p.is_dir() and p.name != "report"])
    assert {cell["status"] for cell in cells} == {"completed", "failed", "running"}
    completed = next(cell for cell in cells if cell["status"] == "completed")
    assert {"metrics", "config_hash", "seconds", "versions", "seed"} <= completed.keys()


def test_the_report_can_be_made_again_beside_the_first(report):
    """The report's own folder is no run, and old files do not matter."""
    assert not [
        c for c in json.loads((report.folder / "results.json").read_text()) if c["folder"] == "report"
    ]


def test_torch_cannot_be_imported_there(tmp_path):
    done = run_report(tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"error: .*nowhere: no such folder; give the folder of a grid, .*\n", done.stderr)


def test_missing_libraries_are_one_line(monkeypatch, refused):
    monkeypatch.setattr("icv_lightning.report.__main__.LIBRARIES", ("numpy", "no_such_library"))
    assert refused(__main__, "outputs/none") == (
        "error: no_such_library: not installed; the report needs pip install 'icv-lightning[report]'"
    )


def test_hostile_names_are_in_no_table_as_markup(report):
    markdown = (report.folder / "tables" / "tables.md").read_text()
    assert HOSTILE not in markdown
