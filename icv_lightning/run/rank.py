"""One of several processes that train a run: settings and folder come on standard input from the first."""

import json
import signal
import sys
from pathlib import Path

from icv_lightning.run import stopping


def main() -> None:
    """Train as one of several processes; the first records and tells."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # the first is told too, and ends the others
    stopping.end_with_parent()
    request = json.load(sys.stdin)
    from omegaconf import OmegaConf

    from icv_lightning.configuration.identity import Identity
    from icv_lightning.run.processes import leave
    from icv_lightning.run.training import train

    settings = request["settings"]
    train(OmegaConf.create(settings), Identity(settings), Path(request["folder"]))
    leave(well=True)


if __name__ == "__main__":
    main()
