from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from icv_lightning.errors import UserError
from icv_lightning.grid.expected import Statement, compared, statements


def run(weight: float, seed: int, acc: float | None) -> tuple[DictConfig, dict[str, Any]]:
    config = OmegaConf.create({"loss": {"lambda": weight}, "seed": seed})
    return config, {"metrics": {"test/acc": acc}}


RUNS = [run(0.0, 0, 0.80), run(0.0, 1, 0.90), run(0.5, 0, 0.95), run(0.5, 1, 0.97)]


def test_the_mean_of_the_runs_that_are_meant() -> None:
    assert Statement("test/acc", {"loss.lambda": 0}).value(RUNS) == pytest.approx(0.85)
    assert Statement("test/acc", {"loss.lambda": 0.5, "seed": [1, 2]}).value(RUNS) == pytest.approx(0.97)
    assert Statement("test/acc").value(RUNS) == pytest.approx(0.905)


def test_a_difference_keeps_what_both_sides_share() -> None:
    gain = Statement("test/acc", {"loss.lambda": 0.5, "seed": 1}, minus={"loss.lambda": 0})
    assert gain.value(RUNS) == pytest.approx(0.07)


@pytest.mark.parametrize("where", [{"loss.lambda": 1.0}, {"no.such": 1}])
def test_nothing_is_said_of_runs_that_are_not_there(where: dict[str, Any]) -> None:
    assert Statement("test/acc", where, low=2).value(RUNS) is None
    assert compared([Statement("test/acc", where, low=2)], RUNS) == []


def test_a_measure_that_is_null_counts_as_absent() -> None:
    assert Statement("test/acc").value([run(0.0, 0, None), run(0.0, 1, 0.5)]) == 0.5


def test_what_holds_is_counted_and_what_does_not_is_named() -> None:
    holds = Statement("test/acc", {"loss.lambda": 0.5}, low=0.9)
    fails = Statement("test/acc", {"loss.lambda": 0}, low=0.9, high=1)
    assert compared([holds], RUNS) == ["as expected: 1 of 1 statements checked"]
    assert compared([holds, fails], RUNS) == [
        "not as expected: test/acc of loss.lambda=0: at least 0.9 and at most 1; here 0.85"
    ]


@pytest.mark.parametrize("entry", [{"measure": "test/acc", "lwo": 1}, {"low": 1}, "test/acc"])
def test_an_entry_that_is_no_statement(entry: Any) -> None:
    with pytest.raises(UserError, match=r"expected: .*must have measure"):
        statements(OmegaConf.create([entry]))


def test_statements_of_a_file() -> None:
    node = OmegaConf.create([{"measure": "test/acc", "where": {"loss.lambda": 0.5}, "low": 0.9}])
    assert statements(node) == [Statement("test/acc", {"loss.lambda": 0.5}, low=0.9)]
    assert statements(None) == []
