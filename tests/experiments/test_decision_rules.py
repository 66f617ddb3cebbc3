"""The README's picture shows the committed numbers."""

import csv

import pandas as pd
import pytest

from experiments import decision_rules
from tests.conftest import ROOT

TABLE = ROOT / "docs" / "results" / "paper_grid" / "tables.csv"


@pytest.mark.parametrize("data", ["mnist", "fashion_mnist"])
def test_rows_are_the_committed_values(data):
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["data"] == data and row["embedding_dim"] == "2"]
    found = decision_rules.values(pd.read_csv(TABLE), data)
    for label, weight, normalize, measure in decision_rules.ROWS:
        assert found[label] in {
            float(row["mean"])
            for row in rows
            if (float(row["lambda"]), row["normalize"], row["measure"]) == (weight, str(normalize), measure)
        }


def test_a_cell_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"tables.csv: 0 values of acc for mnist, λ = 7.0"):
        decision_rules.value(pd.read_csv(TABLE), "mnist", 7.0, False, "acc")
