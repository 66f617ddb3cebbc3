"""The command `python -m icv_lightning.search`: look for settings by trials, each an ordinary run.

A trial is `python -m icv_lightning.run` in a process of its own, with its own folder: what crashes or fills
the memory ends that trial alone, and what ran can be run again by hand. The state is Optuna's, in SQLite
(`<outputs>/<name>/search.db`): each write is a transaction and a lock dies with its process, so that a killed
search leaves neither half a line nor a lock file.
"""

import argparse
import csv
import fcntl
import io
import math
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.table import Table

from icv_lightning import preflight, record
from icv_lightning.cell import config_hash, register_resolvers
from icv_lightning.composition import CONF
from icv_lightning.errors import UserError
from icv_lightning.search_space import assigned, read_space, without

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

HELP = """Look for the settings whose validation metric is best: λ (log-uniform) and the embedding size, or
any other keys. Each trial is a run with a folder of its own; the same command goes on after a kill."""
EXAMPLES = """examples:
  python -m icv_lightning.search experiment=search_lambda
  python -m icv_lightning.search experiment=search_lambda search.space.loss.lambda.high=10 search.trials=40
  python -m icv_lightning.search search=lambda_dim data=digits data.val_size=300 name=mine \\
      '~search.space.model' '+search.space.optimizer.lr={low: 1e-4, high: 1e-2, log: true}'
"""
STOPPED = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class Plan:
    """What is looked for.

    Attributes:
        overrides: of every trial's run.
        config: as they compose, with the `search` node.
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


def read_plan(arguments: Sequence[str]) -> Plan:
    """Compose and check what the command line asks for.

    Raises:
        UserError: the first wrong setting, in one line.
    """
    preflight.check([text for text in arguments if not text.lstrip("+~").startswith("search.space")])
    config = _composed(arguments)
    if config.get("search") is None:
        raise UserError("search: nothing to look for; give experiment=search_lambda or search=lambda_dim")
    if not config.data.val_size:
        raise UserError("data.val_size=0: a search needs a validation part: data.val_size=5000")
    own = [text for text in arguments if not text.lstrip("+~").startswith(("search.", "search="))]
    settings: Any = OmegaConf.to_container(config.search, resolve=True)
    return Plan(own, config, read_space(settings.get("space") or {}, own))


def open_study(plan: Plan) -> "Study":
    """Return the study in the plan's folder, new or to be continued.

    Raises:
        UserError: the folder holds a search for something else.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    wanted = plan.config.search
    study = optuna.create_study(
        study_name="search", storage=f"sqlite:///{plan.folder / 'search.db'}", direction=wanted.direction,
        load_if_exists=True,
    )  # fmt: skip
    facts = {key: wanted[key] for key in ("metric", "direction", "seed")}
    facts |= {"space": repr(plan.space), "settings": config_hash(plan.config)}
    before = study.user_attrs.get("search", facts)
    if unlike := [key for key in facts if facts[key] != before[key]]:
        raise UserError(
            f"{plan.folder}: holds a search of another {', '.join(unlike)}; choose another name=…"
        )
    study.set_user_attr("search", facts)
    return study


def next_trial(study: "Study", plan: Plan) -> "FrozenTrial | None":
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
    facts = {"cell": _composed(plan.arguments(params)).cell}
    study.add_trial(
        create_trial(state=TrialState.RUNNING, params=params, distributions=plan.space, user_attrs=facts)
    )
    return study.get_trials(deepcopy=False)[-1]


def run_trial(plan: Plan, trial: "FrozenTrial", lock: IO[Any]) -> float | None:
    """Run a trial unless it is completed; return its last value of the metric, None where it failed.

    Raises:
        KeyboardInterrupt: the run was stopped by a signal that asks to.
    """
    folder = plan.run_folder(trial)
    if not record.is_completed(folder):
        code = launch(plan.arguments(trial.params), lock)
        if code in STOPPED:
            raise KeyboardInterrupt
        if not record.is_completed(folder):
            return None
    return read_value(folder, plan.config.search.metric)


def launch(arguments: Sequence[str], lock: IO[Any]) -> int:
    """Run the command and return its exit status; it holds `lock` for as long as it lives."""
    command = [sys.executable, "-m", "icv_lightning.run", *arguments]
    return subprocess.run(command, pass_fds=[lock.fileno()], check=False).returncode


def read_value(folder: Path, metric: str) -> float | None:
    """Return `metric` in the last row of metrics.csv, None where it is not a finite number."""
    with (folder / "metrics.csv").open(newline="") as file:
        *_, last = csv.DictReader(file)
    value = float(last.get(metric) or "nan")
    return value if math.isfinite(value) else None


def search(plan: Plan) -> "Study":
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
            print(f"trial {trial.number} of {plan.config.search.trials}: {_words(trial)}", flush=True)
            value = run_trial(plan, trial, lock)
            study.tell(trial.number, value, state=None if value is not None else TrialState.FAIL)
            write_trials(plan, study)
    return study


def write_trials(plan: Plan, study: "Study") -> None:
    """Write trials.csv, one row a trial."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["trial", "state", plan.config.search.metric, *plan.space, "folder"])
    for trial in study.get_trials(deepcopy=False):
        params = [trial.params[key] for key in plan.space]
        rows.writerow(
            [trial.number, trial.state.name.lower(), trial.value, *params, plan.run_folder(trial).name]
        )
    with record.replaced(plan.folder / "trials.csv") as file:
        file.write(text.getvalue().encode())


def show(plan: Plan, study: "Study") -> bool:
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
        print(f"best: trial {best.number}, {_words(best)}: {plan.config.search.metric} {best.value:.4f}")
        print("on the whole training part, tested once:")
        print("  python -m icv_lightning.run " + shlex.join(plan.arguments(best.params, "data.val_size=0")))
    print(f"trials: {plan.folder / 'trials.csv'}")
    return bool(found)


def main() -> None:
    """Search; exit with 0, 1 (no trial succeeded), 2 (a wrong setting), 130 or 143 (stopped)."""
    parser = argparse.ArgumentParser(
        prog="python -m icv_lightning.search",
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="as for icv_lightning.run, and search.…"
    )
    parser.add_argument("--config-dir", type=Path, help="a folder of your own YAML files")
    given, unknown = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    register_resolvers()
    try:
        if unknown:
            raise UserError(f"{unknown[0]}: unknown, a search takes key=value and --config-dir (see --help)")
        if find_spec("optuna") is None:
            raise UserError("optuna: not installed; a search needs pip install 'icv-lightning[search]'")
        own = [f"hydra.searchpath=[{given.config_dir.absolute()}]"] if given.config_dir else []
        plan = read_plan([*given.overrides, *own])
        found = show(plan, search(plan))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped: the same command goes on", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    sys.exit(0 if found else 1)


def _composed(overrides: Sequence[str]) -> DictConfig:
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("config", list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(" ".join(str(error).split())) from error


def _words(trial: "FrozenTrial") -> str:
    return " ".join(assigned(key, value) for key, value in trial.params.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
