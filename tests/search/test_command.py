"""The search as a user starts it."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from icv_lightning.search import __main__ as search
from tests.conftest import PATIENCE, ROOT, cells
from tests.search.conftest import BASE, DIM, LAMBDA, SPACE, Runs, rows_of

optuna = pytest.importorskip("optuna")
BAD = {
    ("data=digits",): "search: no settings to search; give experiment=search_lambda or search=lambda_dim",
    (*BASE, "data.val_size=0"): "data.val_size=0: a search needs a validation part: data.val_size=5000",
    (*BASE, "search.metric=test/acc"): "search.metric=test/acc: must be one of val/acc, ",
    (*BASE, "search.trials=0"): "search.trials=0: must be an integer of at least 1",
    (*BASE, "search.trails=3"): "unknown key search.trails",
    (*BASE, "loss.lamda=3"): "unknown key loss.lamda; the nearest is loss.lambda",
    (*BASE, f"{LAMBDA}.low=-1", f"{LAMBDA}.log=false"): "loss.lambda=-1: must be a finite number",
    (*BASE, f"{LAMBDA}.low=0"): f"{LAMBDA}: log=True low=0: log must be true or false, and needs low above 0",
    (
        *BASE,
        f"{LAMBDA}.high=0.001",
    ): f"{LAMBDA}: low=0.001 high=0.001: must be finite numbers, low below high",
    (*BASE, f"{LAMBDA}.high=inf"): f"{LAMBDA}: low=0.001 high=inf: must be finite",
    (*BASE, f"{LAMBDA}.high=x"): f"{LAMBDA}: low=0.001 high=x: must be finite",
    (
        *BASE,
        f"+{LAMBDA}.step=1",
    ): f"{LAMBDA}={{'low': 0.001, 'high': 1.0, 'log': True, 'step': 1}}: must hold",
    (*BASE, f"{LAMBDA}.hihg=1"): f"Could not override '{LAMBDA}.hihg'",
    (*BASE, "search.space.model=3"): "search.space.model=3: must hold low and high",
    (*BASE, f"{DIM}.choices=[2,0]"): "model.embedding_dim=0: must be an integer of at least 1",
    (*BASE, f"{DIM}.choices=[]"): f"{DIM}.choices=[]: must be a list",
    (*BASE, f"{DIM}.choices=[[2]]"): f"{DIM}.choices=[[2]]: must be a list",
    (*BASE, f"+{SPACE}.loss.lamda={{low: 1, high: 2}}"): "unknown key loss.lamda; the nearest is loss.lambda",
    (*BASE, f"+{SPACE}.optimizer.lr={{low: 0, high: 2}}"): "optimizer.lr=0: must be a finite number above 0",
    (*BASE, f"+{SPACE}.model.net.hidden={{low: 1.5, high: 9}}"): "model.net.hidden=1.5: must be an integer",
    (
        *BASE,
        f"+{SPACE}.centroids={{choices: [learned, median]}}",
    ): "centroids=median: unknown, must be one of",
    (*BASE, f"+{SPACE}.name={{choices: [a, b]}}"): "search.space.name: changes no result",
    (*BASE, f"~{SPACE}"): "search.space: is empty",
    (*BASE, "-m"): "-m: unknown, a search takes key=value and --config-dir",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_a_wrong_setting_is_one_line_before_anything_is_made(
    main: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert main(*arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {BAD[arguments]}")
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_optuna_the_line_says_what_to_install(
    main: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "find_spec", lambda name: None)
    assert main(*BASE) == 2
    assert "pip install 'icv-lightning[search]'" in capsys.readouterr().err


def test_trials_lie_in_the_space_and_the_best_is_the_highest_last_value(
    main: Callable[..., int], runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*BASE, "search.trials=15", "optimizer.lr=0.01") == 0
    rows = rows_of(tmp_path / "outputs" / "look")
    assert [row["trial"] for row in rows] == [str(n) for n in range(15)]
    weights = [float(row["loss.lambda"]) for row in rows]
    assert all(0.001 <= weight <= 1 for weight in weights)
    assert sum(weight < 0.03 for weight in weights) >= 3  # log-uniform: half of them, were none learned from
    assert {int(row["model.embedding_dim"]) for row in rows} <= {2, 4, 8, 16, 32}
    values = [runs.value(w, int(row["model.embedding_dim"])) for w, row in zip(weights, rows, strict=True)]
    assert [float(row["val/acc_nearest_class_mean"]) for row in rows] == values
    assert {row["folder"] for row in rows} == {folder.name for folder in cells(tmp_path / "outputs")}
    best = rows[max(range(15), key=values.__getitem__)]
    command = capsys.readouterr().out.split("python -m icv_lightning.run ")[1].splitlines()[0]
    assert shlex.split(command) == [
        "data=digits", "name=look", "optimizer.lr=0.01", f"loss.lambda={best['loss.lambda']}",
        f"model.embedding_dim={best['model.embedding_dim']}", "data.val_size=0",
    ]  # fmt: skip


def test_a_minimum_is_looked_for_where_asked(
    main: Callable[..., int], runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*BASE, "search.trials=5", "search.direction=minimize") == 0
    values = [float(row["val/acc_nearest_class_mean"]) for row in rows_of(tmp_path / "outputs" / "look")]
    assert f": val/acc_nearest_class_mean {min(values):.4f}\n" in capsys.readouterr().out


def test_help_and_errors_need_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from icv_lightning.search import __main__ as search; search.main()"
    )
    for arguments, status, word in (
        (["--help"], 0, "experiment=search_lambda"),
        ([*BASE, "seed=-1"], 2, "seed=-1"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == status
        assert word in done.stdout + done.stderr
