"""The study of when the term helps: its rows, tables and figure, and its page."""

from pathlib import Path

import pandas as pd
import pytest

from experiments import when_it_helps
from icv_lightning.errors import UserError
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from tests.report.grid import write_run

DISTANCES = ("euclidean", "cosine", "mahalanobis")


def auroc(dim, unit, weight, distance, value, method="network", measure="auroc"):
    """Return a row as `icv_lightning.unseen` leaves it."""
    return {
        "embedding_dim": dim, "normalize": unit, "lambda": weight, "seed": 0, "distance": distance,
        "method": method, "measure": measure, "value": value,
    }  # fmt: skip


@pytest.fixture
def table(tmp_path):
    """Return the rows of λ 0 and 0.5 with N = 2: the term gains 10 points by score, else 1."""
    unseen = [auroc(2, "", "", "euclidean", 0.0, "raw pixels")]
    for weight, base, score in ((0.0, 0.80, 0.7), (0.5, 0.81, 0.8)):
        values = dict.fromkeys(when_it_helps.RECORDED, base) | {"acc": score}
        write_run(tmp_path, Cell("fashion_mnist", weight, 2, False), 0, values)
        unseen += [auroc(2, False, weight, distance, base) for distance in DISTANCES]
        unseen += [auroc(2, False, weight, "euclidean", 0.0, measure="acc_known")]
    return when_it_helps.rows(read_runs([tmp_path]), unseen)


def test_a_row_holds_what_was_recorded_and_what_strangers_showed(table):
    first, second = table.to_dict("records")
    assert (first["lambda"], first["acc"], first["auroc_cosine"]) == (0.0, 0.7, 0.80)
    assert (second["lambda"], second["acc"], second["map_at_r"]) == (0.5, 0.8, 0.81)


def test_gains_are_points_over_cross_entropy(table):
    _, means, _, gains = when_it_helps.page(table).split("\n\n")
    assert "| 2 | not normalised | 0.5 | 0.800 | 0.810 |" in means
    assert gains.splitlines()[2:] == ["| 2 | not normalised | 0.5 | +10.0" + " | +1.0" * 7 + " |"]


def test_a_cell_without_cross_entropy_has_no_gain(table):
    alone = pd.concat([table, table[table["lambda"] == 0.5].assign(embedding_dim=4)])
    _, means, _, gains = when_it_helps.page(alone).split("\n\n")
    assert "| 4 | not normalised | 0.5 |" in means
    assert "| 4 |" not in gains


def test_panels_show_the_means_over_seeds(table):
    seeds = pd.concat([table, table.assign(seed=1, acc=table["acc"] + 0.1)])
    upper = when_it_helps.figure(seeds).axes[0]
    drawn = {line.get_label(): line.get_ydata().tolist() for line in upper.get_lines()}
    assert drawn == {"cross-entropy": pytest.approx([0.75]), "λ = 0.5": pytest.approx([0.85])}


def test_runs_that_differ_in_more_are_refused(tmp_path, table):
    when_it_helps.check_alike(tmp_path, read_runs([tmp_path]))
    write_run(tmp_path, Cell("mnist", 0.5, 4, True), 0, dict.fromkeys(when_it_helps.RECORDED, 0.5))
    with pytest.raises(UserError, match=r"differ in data.name=Fashion-MNIST\|MNIST;"):
        when_it_helps.check_alike(tmp_path, read_runs([tmp_path]))


def test_the_page_shows_the_committed_rows():
    docs = Path(__file__).parents[2] / "docs"
    tables = when_it_helps.page(pd.read_csv(docs / "results/when_it_helps.csv"))
    shown = (docs / "when_it_helps.md").read_text().splitlines()
    rows = [line for line in tables.splitlines() if line.startswith("| ")]
    assert rows
    assert set(rows) <= set(shown)
