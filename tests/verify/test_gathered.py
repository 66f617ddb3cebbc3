"""Conditions, paired differences and their intervals, by hand."""

import numpy as np
import pytest
from scipy import stats

from icv_lightning.verify.gathered import by_fold, conditions, table, values


def row(weight: float, fold: int, seed: int, value, measure: str = "eer", rule: str = "learned") -> dict:
    same = {"data": "orl", "distance": "euclidean", "centroids": rule, "settings": ""}
    return same | {"lambda": weight, "fold": fold, "seed": seed, "measure": measure, "value": value}


ROWS = [
    row(0.5, 0, 0, 0.2), row(0.5, 0, 1, 0.4), row(0.5, 1, 0, 0.1),
    row(0.0, 0, 0, 0.5), row(0.0, 1, 0, 0.2),
    row(0.5, 0, 0, 0.3, rule="batch_mean"),
]  # fmt: skip


def test_conditions_cross_entropy_first():
    assert list(conditions(ROWS)) == ["CE", "ICV λ 0.5", "ICV λ 0.5, batch_mean"]
    raw = ROWS[0] | {"method": "raw pixels", "lambda": "", "centroids": ""}
    assert list(conditions([*ROWS, raw]))[:2] == ["raw pixels", "CE"]
    assert "raw pixels − CE" not in table([*ROWS, raw])
    assert conditions([r | {"distance": "cosine"} for r in ROWS]) == {}


def test_a_fold_is_the_mean_of_its_seeds():
    found = by_fold(values(ROWS[:3], "eer"))
    assert found == {("orl", 0): pytest.approx(0.3), ("orl", 1): pytest.approx(0.1)}
    curves = by_fold({("orl", 0, seed): [seed, 1.0] for seed in (0, 1)})
    assert curves["orl", 0].tolist() == [0.5, 1.0]


def test_the_table_by_hand():
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(ROWS).splitlines()]
    found = dict(lines[2:])
    quantile = stats.t.ppf(0.975, 1)
    half = quantile * np.std([0.3, 0.1], ddof=1) / np.sqrt(2)
    assert found["ICV λ 0.5"] == f"0.2000 ± {half:.4f}"
    assert found["ICV λ 0.5, batch_mean"] == "0.3000"
    # paired by fold and seed: −0.3 and −0.1; seed 1 has no partner
    assert found["ICV λ 0.5 − CE"] == f"-0.2000 ± {half:.4f}"
    assert found["ICV λ 0.5, batch_mean − CE"] == "-0.2000"
    assert "CE − CE" not in found


def test_without_cross_entropy_there_are_no_differences():
    assert "−" not in table(ROWS[:3])
    assert "roc" not in table([*ROWS, row(0.0, 0, 0, [0.0, 1.0], "roc")])


def test_another_network_is_a_condition_of_its_own_compared_with_its_own_cross_entropy():
    other = [line | {"settings": "N 2", "value": 0.9} for line in ROWS[:1]] + [ROWS[3] | {"settings": "N 2"}]
    assert list(conditions([*ROWS, *other]))[:2] == ["CE", "CE, N 2"]
    found = dict(
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table([*ROWS, *other]).splitlines()[2:]
    )
    assert (found["ICV λ 0.5, N 2"], found["ICV λ 0.5, N 2 − CE"]) == ("0.9000", "0.4000")
