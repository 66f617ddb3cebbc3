"""The command `python -m icv_lightning.run`: check, then run one cell or, with -m, a grid of them."""

import sys

import hydra

from icv_lightning import preflight
from icv_lightning.composition import CONF
from icv_lightning.errors import UserError
from icv_lightning.job import failures, job


def main() -> None:
    """Check and run; exit with 0 (all completed), 1 (a run failed), 2 (a wrong setting), 130 (stopped)."""
    try:
        request = preflight.check(sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    sys.argv[1:] = request.argv
    launch = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)
    if request.multirun and request.cells:
        from icv_lightning.grid import watched

        sys.exit(watched(request.cells, launch))
    launch()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
