import csv
import io

import pytest

from icv_lightning.paper.runs import grouped
from icv_lightning.paper.verdicts import judge_paper
from icv_lightning.records.cells import Cell
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.runs import read_runs
from icv_lightning.report.formats import (
    entry_text,
    grid_of,
    tidy_tables,
    tidy_verdicts,
    verdict_grid,
)
from icv_lightning.report.tables import paper_tables
from icv_lightning.report.text_tables import latex
from tests.report.grid import same, write_grid


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    grid = write_grid(tmp_path_factory.mktemp("grid"), lambda cell, seed: 0.898 + 0.002 * seed, seeds=2)
    (only,), _ = grouped(read_runs([grid]))
    return only


def test_a_row_of_the_grid(variant):
    grid = grid_of(paper_tables(variant)[2], variant.label)
    assert grid.title == "Table 2. Highest score (the settings that the paper states)"
    assert grid.rows[1][:3] == ["cross-entropy", "Fashion-MNIST", "0.901 ± 0.013 [0.895, +0.006]"]
    assert (
        entry_text(paper_tables(variant)[2].entries[Cell("mnist", 1.0, 4, True)])
        == "0.901 ± 0.013 [0.995, -0.094]"
    )


def test_latex_signs_of_the_tables(variant):
    assert r"0.901 $\pm$ 0.013" in latex(grid_of(paper_tables(variant)[2], ""))
    assert r"ICV, $\lambda$ 0.5" in latex(grid_of(paper_tables(variant)[2], ""))


def test_csv_of_tables_is_tidy(variant):
    rows = list(csv.DictReader(io.StringIO(csv_text(tidy_tables(variant, paper_tables(variant))))))
    assert len(rows) == 3 * 32
    (row,) = [r for r in rows if (r["measure"], r["data"], r["lambda"], r["embedding_dim"], r["normalize"])
              == ("acc", "mnist", "0.5", "2", "True")]  # fmt: skip
    assert (row["seeds"], float(row["mean"]), float(row["published"])) == ("2", pytest.approx(0.901), 0.982)
    assert float(row["difference"]) == pytest.approx(-0.081)
    assert float(row["difference_low"]) == pytest.approx(-0.081 - 12.706205 * 0.001, rel=1e-6)


def test_csv_of_verdicts_has_a_row_for_every_contrast():
    rows = list(csv.DictReader(io.StringIO(csv_text(tidy_verdicts("", "tables", judge_paper())))))
    assert len(rows) == 12 + 24 + 16 + 8 + 16 + 12
    assert (rows[0]["claim"], rows[0]["verdict"], rows[0]["word"]) == ("1", "holds", "holds")


def test_no_rows_make_no_csv():
    assert csv_text([]).strip() == ""


def test_verdicts_stand_beside_each_other():
    grid = verdict_grid(judge_paper(), judge_paper(), "note")
    rows = {row[0]: row[2:] for row in grid.rows}
    assert rows["2"] == ["mixed: holds in 14 of 24 contrasts"] * 2
    assert rows["5"] == ["never shown"] * 2


def test_all_three_accuracies_have_a_table(variant):
    assert {table.measure for table in paper_tables(variant)} == set(same(0))
