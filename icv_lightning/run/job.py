"""One cell in Hydra's output folder: what a launcher calls, in this or another process.

Whatever needs torch is imported only once a run starts. Importing this module makes the resolvers known, so
that a launcher's worker can resolve the name of the cell's folder.
"""

import logging
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError
from icv_lightning.escaping import printable
from icv_lightning.records.copies import take_record
from icv_lightning.records.files import remove_parts
from icv_lightning.records.results import LOCK, RESULTS, is_completed, place_again, read_results
from icv_lightning.records.settings_file import write_settings
from icv_lightning.run import processes, retraining, stopping
from icv_lightning.run.training import record_failure, train

log = logging.getLogger(__name__)
register_resolvers()
# Files in conf/hydra/launcher/ bear the names of the plugins' own, and replace them.
warnings.filterwarnings("ignore", "(?s).*is validated against ConfigStore schema")


def job(config: DictConfig) -> int:
    """Run one cell and return its exit status; a failure does not end the other cells of a grid."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    logging.raiseExceptions = False  # a run.log that cannot be written is no second failure
    stopping.end_worker_with_parent()
    config.cell = folder.name  # not made anew from the settings at every look
    settings: Any = OmegaConf.to_container(config, resolve=True)
    cell = Identity(settings)
    if processes.rank(config.trainer):
        return _follow(config, cell, folder)
    if processes.in_grid():
        _name_the_cell(folder.name)
    try:
        with _place_to_train(cell, folder) as place:
            if place:
                train(config, cell, place)
    except UserError as error:
        return _refused(error, cell, folder)
    except (KeyboardInterrupt, SystemExit):  # Lightning turns Ctrl-C and SIGTERM into the latter
        if not processes.in_grid():
            print(stopping.STARTS_ANEW if config.force else stopping.GOES_ON, file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        return _failed(error, cell, folder)
    if not processes.in_grid():
        from icv_lightning.run.summary import show

        show(read_results(folder) or {}, folder)
    return 0


def _follow(config: DictConfig, cell: Identity, folder: Path) -> int:
    """Train beside the first process that torchrun or Slurm started, which alone tells and records."""
    try:
        if not is_completed(folder):
            train(config, cell, folder)
        elif config.force:
            train(config, cell, place_again(folder))
    except UserError:
        return 2
    except KeyboardInterrupt:
        sys.exit(130)
    return 0


@contextmanager
def _place_to_train(cell: Identity, folder: Path) -> Iterator[Path | None]:
    """Hold the cell's `folder`; yield the folder to train in, None where its results are there already.

    A failure is recorded where the run trained. A completed record stays until another is completed.

    Raises:
        UserError: `folder` holds the results of another configuration.
    """
    force, records = cell.config["force"], cell.config["paths"]["records"]
    with FileLock(folder / LOCK):
        retraining.take_place(folder)
        if records and not force:
            take_record(Path(records), folder, cell.hash)
        results = read_results(folder) or {}
        if results and results.get("config_hash") != cell.hash:
            raise UserError(f"{folder}: holds the results of another configuration; choose another name=…")
        write_settings(folder, cell.config)  # a repeated command has put Hydra's own there
        if results.get("status") == "completed" and not force:
            if not processes.in_grid():
                print("already completed (force=true does it again)")
            yield None
            return
        remove_parts(folder)
        place = retraining.prepare(folder, force)
        try:
            yield place
        except UserError:
            raise
        except Exception as error:
            record_failure(place, cell, error)
            raise
        retraining.take_place(folder)


def _refused(error: UserError, cell: Identity, folder: Path) -> int:
    """Tell of a run that could not start; that of a grid's cell is told by the display, from its results."""
    log.info("error: %s", error)
    if processes.in_grid():
        _leave_cause(folder, cell, error)
    else:
        print(f"error: {error}", file=sys.stderr)
        _forget(folder)
    return 2


def _failed(error: Exception, cell: Identity, folder: Path) -> int:
    log.info("run failed", exc_info=True)  # the traceback is for run.log
    if not processes.in_grid():
        cause = printable(f"{folder.name}: {type(error).__name__}: {error}")
        print(f"failed: {cause} (see {folder / 'run.log'})", file=sys.stderr)
    _leave_cause(folder, cell, error)
    return 1


def _leave_cause(folder: Path, cell: Identity, error: Exception) -> None:
    """Write why there are no results, unless there are some."""
    if not (folder / RESULTS).exists():
        record_failure(folder, cell, error)


def _name_the_cell(name: str) -> None:
    """Put the cell's name before the warnings of a grid in the terminal."""
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(logging.Formatter(f"%(levelname)s: {name}: %(message)s"))


def _forget(folder: Path) -> None:
    """Remove what Hydra made for a run that could not start, unless an earlier run left more there."""
    if {path.name for path in folder.iterdir()} <= {".hydra", "run.log", LOCK}:
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
