"""The command `python -m icv_lightning.search`: look for settings by trials, each an ordinary run."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table

from icv_lightning.configuration import checks
from icv_lightning.configuration.quoting import searchpath
from icv_lightning.configuration.recipes import has_validation
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.configuration.short_words import full_key
from icv_lightning.errors import UserError
from icv_lightning.search.plan import SearchPlan, composed, words
from icv_lightning.search.space import read_space
from icv_lightning.search.trials import search
from icv_lightning.terminal.exit_status import ending

if TYPE_CHECKING:
    from optuna import Study

HELP = """Look for the settings whose validation metric is best: λ (log-uniform) and the embedding size, or
any other keys. Each trial is a run with a folder of its own; the same command goes on after a kill."""
EXAMPLES = """examples:
  python -m icv_lightning.search experiment=search_lambda
  python -m icv_lightning.search experiment=search_lambda search.space.loss.lambda.high=10 search.trials=40
  python -m icv_lightning.search search=lambda_dim data=digits data.val_size=300 name=mine \\
      '~search.space.model' '+search.space.optimizer.lr={low: 1e-4, high: 1e-2, log: true}'
"""


def read_plan(arguments: Sequence[str]) -> SearchPlan:
    """Compose and check what the command line asks for.

    Raises:
        UserError: the first wrong setting, in one line.
    """
    arguments = [full_key(text) for text in arguments]
    checked = checks.check([text for text in arguments if not text.lstrip("+~").startswith("search.space")])
    config = composed(arguments)
    if config.get("search") is None:
        raise UserError("search: no settings to search; give experiment=search_lambda or search=lambda_dim")
    if not has_validation(config.data):
        raise UserError("data.val_size=0: a search needs a validation part: data.val_size=5000")
    own = [text for text in arguments if not text.lstrip("+~").startswith(("search.", "search="))]
    settings: Any = OmegaConf.to_container(config.search, resolve=True)
    return SearchPlan(own, config, read_space(settings.get("space") or {}, own, checked.cells[0].declared))


def show(plan: SearchPlan, study: "Study") -> bool:
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


def main() -> None:
    """Search; exit with 0, 1 (no trial succeeded), 2 (a wrong setting), 130 (stopped)."""
    with ending("stopped: the same command goes on"):
        sys.exit(_search())


def _search() -> int:
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
    given, unknown = parser.parse_known_intermixed_args()
    register_resolvers()
    if unknown:
        raise UserError(f"{unknown[0]}: unknown, a search takes key=value and --config-dir (see --help)")
    if find_spec("optuna") is None:
        raise UserError("optuna: not installed; a search needs pip install 'icv-lightning[search]'")
    own = [searchpath(str(given.config_dir))] if given.config_dir else []
    plan = read_plan([*given.overrides, *own])
    return 0 if show(plan, search(plan)) else 1


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
