"""The command `python -m icv_lightning.run`: check, then run one cell or, with -m, a grid of them.

Little is imported above `main`, so that Ctrl-C is answered in one line from the first moment.
"""

import os
import sys

from icv_lightning.exit_status import finish
from icv_lightning.run import stopping


def main() -> None:
    """Check and run; exit with 0 (all completed), 1 (a run failed), 2 (a wrong setting), 130 (stopped)."""
    finish(_status, stopping.GOES_ON)


def _status() -> int:
    import hydra

    from icv_lightning.configuration import preflight
    from icv_lightning.configuration.composition import CONF
    from icv_lightning.run.job import failures, job

    request = preflight.check(sys.argv[1:])
    sys.argv[1:] = request.argv
    os.environ["HYDRA_FULL_ERROR"] = (
        "1"  # errors shall reach `main`, or the grid, and not Hydra's own printing
    )
    launch = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)
    if request.multirun and request.cells:
        from icv_lightning.grid.progress import watched

        return watched(request.cells, launch)
    launch()
    return max(failures, default=0)


if __name__ == "__main__":
    main()
