"""One cell in Hydra's output folder: what a launcher calls, in this or another process.

Whatever needs torch is imported only once a run starts. Importing this module makes the resolvers known, so
that a launcher's worker can resolve the name of the cell's folder.
"""

import logging
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
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
from icv_lightning.run.training import in_grid, record_failure, train

log = logging.getLogger(__name__)
register_resolvers()
# Files in conf/hydra/launcher/ bear the names of the plugins' own, and replace them.
warnings.filterwarnings("ignore", "(?s).*is validated against ConfigStore schema")
failures: list[int] = []  # exit statuses of single runs in this process; a grid reads the folders


def job(config: DictConfig) -> None:
    """Run one cell; keep its failure for the end, so that the other cells of a grid run too."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    alone = HydraConfig.get().mode != RunMode.MULTIRUN
    logging.raiseExceptions = False  # a run.log that cannot be written is no second failure
    stopping.end_worker_with_parent()
    config.cell = folder.name  # not made anew from the settings at every look
    settings: Any = OmegaConf.to_container(config, resolve=True)
    cell = Identity(settings)
    if processes.rank(config.trainer):
        return _follow(config, cell, folder)
    if not alone:
        _name_the_cell(folder.name)
    try:
        results = run_cell(config, cell, folder)
    except UserError as error:
        log.info("error: %s", error)
        _end(f"error: {error}", 2, alone)
        if alone:
            _forget(folder)
        else:
            _leave_cause(folder, cell, error)
    except (KeyboardInterrupt, SystemExit):  # Lightning turns Ctrl-C and SIGTERM into the latter
        if alone:
            print(stopping.STARTS_ANEW if config.force else stopping.GOES_ON, file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        log.info("run failed", exc_info=True)  # the traceback is for run.log
        cause = printable(f"{folder.name}: {type(error).__name__}: {error}")
        _end(f"failed: {cause} (see {folder / 'run.log'})", 1, alone)
        _leave_cause(folder, cell, error)
    else:
        if alone:
            from icv_lightning.run.summary import show

            show(results, folder)


def _follow(config: DictConfig, cell: Identity, folder: Path) -> None:
    """Train beside the first process that torchrun or Slurm started, which alone tells and records."""
    try:
        if not is_completed(folder):
            train(config, cell, folder)
        elif config.force:
            train(config, cell, place_again(folder))
    except UserError:
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def run_cell(config: DictConfig, cell: Identity, folder: Path) -> dict[str, Any]:
    """Return the results of the cell in `folder`: those that are there, or those of a run now.

    A failure is recorded where the run trained. A completed record stays until another is completed.

    Raises:
        UserError: `folder` holds the results of another configuration.
        Exception: any error of the training.
    """
    with FileLock(folder / LOCK):
        retraining.take_place(folder)
        if config.paths.records and not config.force:
            take_record(Path(config.paths.records), folder, cell.hash)
        results = _known_results(cell, folder)
        write_settings(folder, cell.config)  # a repeated command has put Hydra's own there
        if results and results.get("status") == "completed" and not config.force:
            if not in_grid():
                print("already completed (force=true does it again)")
            return results
        remove_parts(folder)
        place = retraining.prepare(folder, config.force)
        try:
            train(config, cell, place)
        except UserError:
            raise
        except Exception as error:
            record_failure(place, cell, error)
            raise
        retraining.take_place(folder)
    return read_results(folder) or {}


def _known_results(cell: Identity, folder: Path) -> dict[str, Any] | None:
    results = read_results(folder)
    if results and results.get("config_hash") != cell.hash:
        raise UserError(f"{folder}: holds the results of another configuration; choose another name=…")
    return results


def _end(line: str, status: int, alone: bool) -> None:
    """Tell of a failed single run; that of a grid's cell is told by the display, from its results."""
    if alone:
        failures.append(status)
        print(line, file=sys.stderr)


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
