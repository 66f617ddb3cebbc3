"""The command `python -m icv_lightning.run`: check, then run one cell or, with -m, a grid of them.

Little is imported above `main`, so that Ctrl-C is answered in one line from the first moment.
"""

import os
import sys
from typing import TYPE_CHECKING

from icv_lightning.nested import select
from icv_lightning.run import stopping
from icv_lightning.terminal.exit_status import ending

if TYPE_CHECKING:
    from icv_lightning.configuration.checks import Request


def main() -> None:
    """Check and run; exit with 0 (all completed), 1 (a run failed), 2 (a wrong setting), 130 (stopped)."""
    with ending(stopping.GOES_ON):
        from icv_lightning.configuration import checks
        from icv_lightning.configuration.short_words import full_key
        from icv_lightning.run import launching
        from icv_lightning.run.again import check_same, expanded

        again = expanded(sys.argv[1:])
        request = checks.check([full_key(word) for word in again.argv])
        check_same(again, [cell.name for cell in request.cells])
        os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints errors itself
        if not request.cells:
            launching.show(request)
            return
        from icv_lightning.grid import expected
        from icv_lightning.run.starting_point import check_completed

        for cell in request.cells:
            check_completed(cell)
        _print_notes(request)
        statements = expected.of(request)
        if request.multirun:
            from icv_lightning.grid.progress import watched

            status = watched(request.cells, lambda: launching.run_all(request))
        else:
            status = launching.run_one(request)
        for line in expected.compared(statements, expected.completed(request)):
            print(line)
        sys.exit(status)


def _print_notes(request: "Request") -> None:
    """Print what the data sets' YAML files tell everyone who uses them, each note once."""
    notes = (line for cell in request.cells for line in select(cell.config, "data.about.notes", ()))
    for line in dict.fromkeys(notes):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
