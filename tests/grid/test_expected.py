from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from icv_lightning.configuration.checks import check
from icv_lightning.errors import UserError
from icv_lightning.grid.expected import Statement, compared, of, statements
from icv_lightning.records.results import read_results
from icv_lightning.run import __main__ as main_module
from tests.conftest import ROOT


def run(weight: float, seed: int, acc: float | None) -> tuple[dict[str, Any], dict[str, Any]]:
    config = {"loss": {"lambda": weight}, "seed": seed}
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
        statements([entry])


def test_statements_of_a_file() -> None:
    node = [{"measure": "test/acc", "where": {"loss.lambda": 0.5}, "low": 0.9}]
    assert statements(node) == [Statement("test/acc", {"loss.lambda": 0.5}, low=0.9)]
    assert statements(None) == []


FILE = """# @package _global_
name: claim
expected:
  - {measure: test/acc, low: 0.0}
  - {measure: test/acc, low: 1.5}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "claim.yaml").write_text(FILE)
    return tmp_path / "conf"


def test_a_command_ends_with_what_is_not_as_expected(
    conf: Path,
    started: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = FILE + "trainer: {max_epochs: 1}\nmodel: {net: {widths: [4, 4], hidden: 16}}\n"
    text = text.replace("name: claim", "defaults:\n  - override /data: digits\nname: claim")
    (conf / "experiment" / "claim.yaml").write_text(text)
    monkeypatch.chdir(conf.parent)
    assert started(main_module, "--config-dir", conf, "experiment=claim", "~callbacks.progress") == 0
    said = capsys.readouterr().out
    assert "not as expected: test/acc of all runs: at least 1.5; here 0." in said


def test_settings_of_ones_own_are_not_those_that_the_file_speaks_of(conf: Path) -> None:
    given = ["--config-dir", str(conf), "experiment=claim", "data=digits"]
    assert len(of(check([*given[:3], "seed=3", "trainer.accelerator=cpu"]))) == 2
    assert of(check(given)) == []


def test_a_wrong_entry_is_found_before_training(conf: Path) -> None:
    (conf / "experiment" / "claim.yaml").write_text(FILE.replace("low: 1.5", "lwo: 1.5"))
    with pytest.raises(UserError, match="'lwo'"):
        of(check(["--config-dir", str(conf), "experiment=claim"]))


@pytest.mark.slow
def test_the_smoke_run_is_as_expected(main: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert main("as_is", "experiment=smoke") == 0
    assert "as expected: 1 of 1 statements checked" in capsys.readouterr().out


EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
NOTHING_EXPECTED = {"larger", "own_pictures"}  # not measured; depends on the pictures


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_says_what_it_expects(name: str) -> None:
    text = (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text()
    found = statements(yaml.safe_load(text)["expected"])
    assert bool(found) == (name not in NOTHING_EXPECTED)
    for statement in found:
        assert statement.low > float("-inf") or statement.high < float("inf")


def test_the_papers_grid_is_as_expected_on_the_committed_runs() -> None:
    folders = [
        path.parent for path in (ROOT / "docs" / "results" / "paper_grid" / "runs").glob("*/results.json")
    ]
    records = [read_results(folder) or {} for folder in folders]
    runs = [(record["config"], record) for record in records]
    text = (ROOT / "conf" / "experiment" / "paper_grid.yaml").read_text()
    found = statements(yaml.safe_load(text)["expected"])
    assert compared(found, runs) == [f"as expected: {len(found)} of {len(found)} statements checked"]
