"""The command `python -m icv_lightning.search`: look for settings by trials, each an ordinary run."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from icv_lightning.configuration.quoting import searchpath
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError
from icv_lightning.terminal.exit_status import ending

HELP = """Look for the settings whose validation metric is best: λ (log-uniform) and the embedding size, or
any other keys. Each trial is a run with a folder of its own; the same command goes on after a kill."""
EXAMPLES = """examples:
  python -m icv_lightning.search experiment=search_lambda
  python -m icv_lightning.search experiment=search_lambda search.space.loss.lambda.high=10 search.trials=40
  python -m icv_lightning.search search=lambda_dim data=digits data.val_size=300 name=mine \\
      '~search.space.model' '+search.space.optimizer.lr={low: 1e-4, high: 1e-2, log: true}'
"""


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
    from icv_lightning.search.plan import read_plan
    from icv_lightning.search.trials import search, show

    own = [searchpath(str(given.config_dir))] if given.config_dir else []
    plan = read_plan([*given.overrides, *own])
    return 0 if show(plan, search(plan)) else 1


if __name__ == "__main__":
    main()
