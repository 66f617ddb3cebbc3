"""The search as a user starts it: what it asks, and what it makes of runs that fail or are killed."""

import csv
import functools
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from icv_lightning.records.results import write_results
from icv_lightning.search import __main__ as search
from icv_lightning.search import plan, study, trials
from tests.conftest import PATIENCE, ROOT, TINY, cells

optuna = pytest.importorskip("optuna")
BASE = ("search=lambda_dim", "data=digits", "data.val_size=300", "name=look")
SPACE, LAMBDA, DIM = (f"search.space{key}" for key in ("", ".loss.lambda", ".model.embedding_dim"))
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


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the command here, in an empty folder; give its exit status."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["search", *arguments])
        with pytest.raises(SystemExit) as end:
            search.main()
        return int(end.value.code or 0)

    return call


class Runs:
    """In place of processes: each run leaves results at once, by a rule; the numbers in `killed` do not."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.killed: set[int] = set()
        self.code = 0
        self.value: Callable[[float, int], float] = lambda weight, dim: (
            1 - (math.log10(weight) + 1.5) ** 2 + dim / 100
        )

    def __call__(self, arguments: Sequence[str], lock: IO[Any]) -> int:
        self.asked.append(list(arguments))
        if len(self.asked) in self.killed:
            raise KeyboardInterrupt
        config = plan.composed(arguments)
        folder = Path(config.paths.run)
        folder.mkdir(parents=True, exist_ok=True)
        if self.code:
            return self.code
        value = self.value(config.loss["lambda"], config.model.embedding_dim)
        (folder / "metrics.csv").write_text(
            f"epoch,val/acc_nearest_class_mean,test/acc\n1,9,9\n2,{value!r},9\n"
        )
        write_results(folder, {"status": "completed", "metrics": {"test/acc": 9}})
        return 0


composed = functools.cache(plan.composed)  # the first trials of most searches are the same


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    fake = Runs()
    monkeypatch.setattr(study, "composed", lambda overrides: composed(tuple(overrides)))
    monkeypatch.setattr(trials, "launch", fake)
    return fake


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


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


def test_equal_parameters_train_nothing_again(main: Callable[..., int], runs: Runs, tmp_path: Path) -> None:
    space = ("~search.space.loss", "search.space.model.embedding_dim.choices=[2,4]")
    assert main(*BASE, *space, "search.trials=6") == 0
    assert len(rows_of(tmp_path / "outputs" / "look")) == 6
    assert len(runs.asked) == 2


def test_a_failed_trial_is_told_so_and_the_search_goes_on(
    main: Callable[..., int], runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.value = lambda weight, dim: math.nan if weight < 0.03 else weight
    assert main(*BASE, "search.trials=12") == 0
    rows = rows_of(tmp_path / "outputs" / "look")
    low = [row for row in rows if float(row["loss.lambda"]) < 0.03]
    assert low
    assert all(row["state"] == "fail" and not row["val/acc_nearest_class_mean"] for row in low)
    assert all(row["state"] == "complete" for row in rows if row not in low)


@pytest.mark.parametrize(
    ("code", "status", "asked"), [(1, 1, 3), (-9, 1, 3), (-11, 1, 3), (-15, 130, 1), (-2, 130, 1)]
)
def test_what_crashes_is_failed_and_what_is_stopped_is_left_open(
    main: Callable[..., int], runs: Runs, code: int, status: int, asked: int
) -> None:
    runs.code = code
    assert main(*BASE, "search.trials=3") == status
    assert len(runs.asked) == asked


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


def test_two_searches_in_one_folder_are_refused(
    main: Callable[..., int], runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import fcntl

    (tmp_path / "outputs" / "look").mkdir(parents=True)
    with (tmp_path / "outputs" / "look" / "search.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(*BASE) == 2
    assert "still at work here" in capsys.readouterr().err
    assert not runs.asked


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


@pytest.mark.slow
def test_killed_with_its_run_it_goes_on_from_the_last_checkpoint(tmp_path: Path) -> None:
    """SIGKILL to the search and its run; then the same command, and an undisturbed search elsewhere."""
    settings = (*TINY, "search=lambda_dim", "data.val_size=300", "search.trials=2", "trainer.max_epochs=8")
    command = [sys.executable, "-m", "icv_lightning.search", *settings]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def start(name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, f"name={name}"], cwd=tmp_path, env=environment, start_new_session=True
        )

    first = start("killed")
    while not list(tmp_path.glob("outputs/killed/*/checkpoints/last.ckpt")):
        assert first.poll() is None
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    (folder,) = tmp_path.glob("outputs/killed/digits-*")
    assert not (folder / "results.json").exists()
    done = len((folder / "metrics.csv").read_text().splitlines()) - 1
    assert start("killed").wait() == 0
    assert start("whole").wait() == 0
    assert 0 < done < 8
    assert rows_of(tmp_path / "outputs" / "killed") == rows_of(tmp_path / "outputs" / "whole")
