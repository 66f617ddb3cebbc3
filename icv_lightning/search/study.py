"""The state of a search: Optuna's study in SQLite (`<outputs>/<name>/search.db`), and the next trial.

Each write is a transaction and a lock dies with its process, so that a killed search leaves neither half a
line nor a lock file.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import numpy as np
import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from icv_lightning.configuration.identity import identify
from icv_lightning.errors import UserError, reason
from icv_lightning.records.trust import check_plain
from icv_lightning.search.plan import SearchPlan, composed


def opened(path: Path, direction: str) -> Study:
    """Return the study in a database, new where there is none.

    Raises:
        UserError: a file that is no such database, is damaged, or holds what could read the environment.
    """
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


def open_study(plan: SearchPlan) -> Study:
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


def next_trial(study: Study, plan: SearchPlan) -> FrozenTrial | None:
    """Return the trial that was interrupted, else a new one, None where all are done.

    What is asked depends on `search.seed`, the trial's number and the results before it alone, so that a
    continued search asks what an undisturbed one does. It is drawn from a copy in memory and stored at once:
    a kill never leaves half of a trial's parameters.
    """
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
