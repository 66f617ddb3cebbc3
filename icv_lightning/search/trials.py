"""Trials of a search, each an ordinary run.

A trial is `python -m icv_lightning.run` in a process of its own, with its own folder: what crashes or fills
the memory ends that trial alone, and what ran can be run again by hand.
"""

import fcntl
import logging
import math
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.table import Table

from icv_lightning.errors import UserError
from icv_lightning.records.csv_files import csv_line
from icv_lightning.records.files import write_text
from icv_lightning.records.metrics_file import read_metrics
from icv_lightning.records.results import is_completed
from icv_lightning.search.plan import SearchPlan, words
from icv_lightning.search.study import next_trial, open_study

log = logging.getLogger(__name__)
STOPPED = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM)


def run_trial(plan: SearchPlan, trial: FrozenTrial, lock: IO[Any]) -> float | None:
    """Run a trial unless it is completed; return its last value of the metric, None where it failed.

    Raises:
        KeyboardInterrupt: the run was stopped by a signal that asks to.
    """
    folder = plan.run_folder(trial)
    if not is_completed(folder):
        code = launch(plan.arguments(trial.params), lock)
        if code in STOPPED:
            raise KeyboardInterrupt
        if not is_completed(folder):
            return None
    return read_value(folder, plan.config.search.metric)


def launch(arguments: Sequence[str], lock: IO[Any]) -> int:
    """Run the command and return its exit status; it holds `lock` for as long as it lives."""
    command = [sys.executable, "-m", "icv_lightning.run", *arguments]
    return subprocess.run(command, pass_fds=[lock.fileno()], check=False).returncode


def read_value(folder: Path, metric: str) -> float | None:
    """Return `metric` in the last row of metrics.csv, None where it is not a finite number."""
    try:
        rows = read_metrics(folder)
        last = rows[max(rows)] if rows else {}
    except UserError as error:  # a trial of this run was completed and damaged since: it counts as failed
        log.warning("%s", error)
        return None
    value = float(last.get(metric) or "nan")
    return value if math.isfinite(value) else None


def search(plan: SearchPlan) -> Study:
    """Run the trials that are missing.

    Raises:
        UserError: a search, or a run that it left behind, is at work in the folder.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    with (plan.folder / "search.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(
                f"{plan.folder}: a search, or a run that one left behind, is still at work here"
            ) from error
        study = open_study(plan)
        while trial := next_trial(study, plan):
            print(f"trial {trial.number} of {plan.config.search.trials}: {words(trial)}", flush=True)
            value = run_trial(plan, trial, lock)
            study.tell(trial.number, value, state=None if value is not None else TrialState.FAIL)
            write_trials(plan, study)
    return study


def write_trials(plan: SearchPlan, study: Study) -> None:
    """Write trials.csv, one row a trial."""
    lines = [csv_line(["trial", "state", plan.config.search.metric, *plan.space, "folder"])]
    for trial in study.get_trials(deepcopy=False):
        params = [trial.params[key] for key in plan.space]
        state, folder = trial.state.name.lower(), plan.run_folder(trial).name
        lines.append(csv_line([trial.number, state, trial.value, *params, folder]))
    write_text(plan.folder / "trials.csv", "".join(lines))


def show(plan: SearchPlan, study: Study) -> bool:
    """Print the trials, the best and how to train it on all of train; tell whether there is one."""
    table = Table("trial", *plan.space, plan.config.search.metric)
    for trial in study.get_trials(deepcopy=False):
        value = trial.state.name.lower() if trial.value is None else f"{trial.value:.4f}"
        table.add_row(str(trial.number), *(_short(trial.params[key]) for key in plan.space), value)
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    found = [trial for trial in study.get_trials(deepcopy=False) if trial.value is not None]
    if found:
        best = study.best_trial
        print(f"best: trial {best.number}, {words(best)}: {plan.config.search.metric} {best.value:.4f}")
        print("on the whole training part, tested once:")
        print("  python -m icv_lightning.run " + shlex.join(plan.arguments(best.params, "data.val_size=0")))
    print(f"trials: {plan.folder / 'trials.csv'}")
    return bool(found)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
