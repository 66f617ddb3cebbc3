"""Trials of a search: the plan, the next trial, and each as an ordinary run.

A trial is `python -m icv_lightning.run` in a process of its own, with its own folder: what crashes or fills
the memory ends that trial alone, and what ran can be run again by hand. The state is Optuna's, in SQLite
(`<outputs>/<name>/search.db`): each write is a transaction and a lock dies with its process, so that a killed
search leaves neither half a line nor a lock file.
"""

import fcntl
import logging
import math
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.identity import identify
from icv_lightning.errors import UserError, one_line, reason
from icv_lightning.records.csv_files import csv_line
from icv_lightning.records.files import write_text
from icv_lightning.records.metrics_file import read_metrics
from icv_lightning.records.results import is_completed
from icv_lightning.records.trust import check_plain
from icv_lightning.search.space import assigned, without

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

log = logging.getLogger(__name__)
STOPPED = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class SearchPlan:
    """What a search looks for.

    Attributes:
        overrides: overrides of every trial's run.
        config: the composed configuration, with the `search` node.
        space: the distributions by dotted key.
    """

    overrides: Sequence[str]
    config: DictConfig
    space: "dict[str, BaseDistribution]"

    @property
    def folder(self) -> Path:
        """Return where trials and state are."""
        return Path(self.config.paths.outputs) / self.config.name

    def arguments(self, params: Mapping[str, Any], *more: str) -> list[str]:
        """Return the overrides of the run that has `params`; `more` overrule them."""
        chosen = [assigned(key, params[key]) for key in self.space]
        taken = [text.partition("=")[0] for text in (*chosen, *more)]
        return [*without(self.overrides, taken), *chosen, *more]

    def run_folder(self, trial: "FrozenTrial") -> Path:
        """Return the folder that the trial's settings name."""
        return self.folder / trial.user_attrs["cell"]


def composed(overrides: Sequence[str]) -> DictConfig:
    """Return what `overrides` compose to; raise `UserError` where they do not."""
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("config", list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(error)) from error


def words(trial: "FrozenTrial") -> str:
    """Return the trial's settings as the command line takes them."""
    return " ".join(assigned(key, value) for key, value in trial.params.items())


def opened(path: Path, direction: str) -> "Study":
    """Return the study in a database, new where there is none.

    Raises:
        UserError: a file that is no such database, is damaged, or holds what could read the environment.
    """
    import optuna
    from optuna.study import StudyDirection

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        if path.exists():
            _check_database(path)
        study = optuna.create_study(
            study_name="search",
            storage=f"sqlite:///{path}",
            direction=StudyDirection[direction.upper()],
            load_if_exists=True,
        )
        trials = study.get_trials(deepcopy=False)
        check_plain([[dict(t.params), dict(t.user_attrs)] for t in trials] + [dict(study.user_attrs)], path)
        names = [str(trial.user_attrs.get("cell", "cell")) for trial in trials]
    except UserError:
        raise
    except Exception as error:  # Optuna and SQLAlchemy raise many kinds for a database that is not theirs
        raise UserError(f"{path}: no search that can be gone on with ({reason(error)})") from error
    if wrong := [name for name in names if Path(name).name != name or name in ("", ".", "..")]:
        raise UserError(f"{path}: names the folder {wrong[0]!r}, which is none of a run")
    return study


def _check_database(path: Path) -> None:
    """Raise `sqlite3.DatabaseError` for a file that is no database or not whole; nothing is written."""
    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as database:
        found = database.execute("pragma integrity_check(1)").fetchone()
    if found != ("ok",):
        raise sqlite3.DatabaseError(str(found[0]) if found else "it is empty")


def open_study(plan: SearchPlan) -> "Study":
    """Return the study in the plan's folder, new or to be continued.

    Raises:
        UserError: the folder holds a search for something else.
    """
    wanted = plan.config.search
    study = opened(plan.folder / "search.db", wanted.direction)
    facts = {key: wanted[key] for key in ("metric", "direction", "seed")}
    facts |= {"space": repr(plan.space), "settings": identify(plan.config).hash}
    before = study.user_attrs.get("search", facts)
    if not isinstance(before, dict):
        raise UserError(f"{plan.folder / 'search.db'}: does not hold the settings of its search")
    if unlike := [key for key in facts if facts[key] != before.get(key)]:
        raise UserError(
            f"{plan.folder}: holds a search of another {', '.join(unlike)}; choose another name=…"
        )
    study.set_user_attr("search", facts)
    return study


def next_trial(study: "Study", plan: SearchPlan) -> "FrozenTrial | None":
    """Return the trial that was interrupted, else a new one, None where all are done.

    What is asked depends on `search.seed`, the trial's number and the results before it alone, so that a
    continued search asks what an undisturbed one does. It is drawn from a copy in memory and stored at once:
    a kill never leaves half of a trial's parameters.
    """
    import optuna
    from optuna.trial import TrialState, create_trial

    trials = study.get_trials(deepcopy=False)
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            return trial
    if len(trials) >= plan.config.search.trials:
        return None
    seed = int(np.random.SeedSequence([plan.config.search.seed, len(trials)]).generate_state(1)[0])
    copy = optuna.create_study(direction=study.direction, sampler=optuna.samplers.TPESampler(seed=seed))
    copy.add_trials(trials)
    params = copy.ask(plan.space).params
    facts = {"cell": composed(plan.arguments(params)).cell}
    study.add_trial(
        create_trial(state=TrialState.RUNNING, params=params, distributions=plan.space, user_attrs=facts)
    )
    return study.get_trials(deepcopy=False)[-1]


def run_trial(plan: SearchPlan, trial: "FrozenTrial", lock: IO[Any]) -> float | None:
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


def search(plan: SearchPlan) -> "Study":
    """Run the trials that are missing.

    Raises:
        UserError: a search, or a run that it left behind, is at work in the folder.
    """
    from optuna.trial import TrialState

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


def write_trials(plan: SearchPlan, study: "Study") -> None:
    """Write trials.csv, one row a trial."""
    lines = [csv_line(["trial", "state", plan.config.search.metric, *plan.space, "folder"])]
    for trial in study.get_trials(deepcopy=False):
        params = [trial.params[key] for key in plan.space]
        state, folder = trial.state.name.lower(), plan.run_folder(trial).name
        lines.append(csv_line([trial.number, state, trial.value, *params, folder]))
    write_text(plan.folder / "trials.csv", "".join(lines))
