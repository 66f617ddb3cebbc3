"""The state of a search: what is asked next, and what another search is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.search.conftest import BASE, LAMBDA, Runs, rows_of

pytest.importorskip("optuna")


def test_an_interrupted_search_asks_what_an_undisturbed_one_does(
    main: Callable[..., int], runs: Runs, tmp_path: Path
) -> None:
    assert main(*BASE, "search.trials=12", "name=whole") == 0
    killed = {1, 4, 5, 14}  # the first trial, one of those drawn at random twice, and one that TPE proposed
    whole, runs.asked, runs.killed = runs.asked, [], killed
    statuses = [main(*BASE, "search.trials=12", "name=killed") for _ in range(len(killed) + 1)]
    assert statuses == [130] * len(killed) + [0]
    for stop in sorted(killed):  # the same parameters come first again
        assert runs.asked[stop - 1] == runs.asked[stop]
    continued = [asked for n, asked in enumerate(runs.asked, start=1) if n not in killed]
    assert [asked[-2:] for asked in continued] == [asked[-2:] for asked in whole]
    rows = [rows_of(tmp_path / "outputs" / name) for name in ("whole", "killed")]
    assert rows[0] == rows[1]


def test_more_trials_go_on_from_those_there_are(main: Callable[..., int], runs: Runs) -> None:
    assert main(*BASE, "search.trials=2") == 0
    assert main(*BASE, "search.trials=3") == 0
    assert len(runs.asked) == 3
    assert main(*BASE, "search.trials=3") == 0
    assert len(runs.asked) == 3


def test_another_seed_asks_for_other_trials(main: Callable[..., int], runs: Runs) -> None:
    assert main(*BASE, "search.trials=2") == 0
    assert main(*BASE, "search.trials=2", "search.seed=1", "name=other") == 0
    assert runs.asked[0][-2] != runs.asked[2][-2]
    assert runs.asked[0][-2] != runs.asked[1][-2]


def test_a_folder_of_another_search_is_refused(
    main: Callable[..., int], runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*BASE, "search.trials=1") == 0
    for other, word in {
        f"{LAMBDA}.high=2": "space", "search.seed=1": "seed", "search.metric=val/acc": "metric",
        "search.direction=minimize": "direction", "optimizer.lr=0.1": "settings",
    }.items():  # fmt: skip
        assert main(*BASE, "search.trials=1", other) == 2
        assert f"holds a search of another {word}; choose another name=…" in capsys.readouterr().err
    assert main(*BASE, "search.trials=1", "data.num_workers=0", "logger=csv") == 0  # changes no result
