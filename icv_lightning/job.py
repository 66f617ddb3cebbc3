"""One cell in Hydra's output folder: train, test, record; what a launcher calls, in this or another process.

Whatever needs torch is imported only once a run starts. Importing this module makes the resolvers known, so
that a launcher's worker can resolve the name of the cell's folder.
"""

import logging
import shutil
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from icv_lightning import hardware, record, stopping, together
from icv_lightning.cell import cell_fields, config_hash, register_resolvers
from icv_lightning.errors import UserError
from icv_lightning.resume import starting_point
from icv_lightning.terminal import printable

log = logging.getLogger(__name__)
register_resolvers()
# Files in conf/hydra/launcher/ bear the names of the plugins' own, and replace them.
warnings.filterwarnings("ignore", "(?s).*is validated against ConfigStore schema")
failures: list[str] = []  # of single runs in this process; a grid reads the folders
LOCK = ".lock"  # held by the process that works in the folder; the system frees it when that dies


def job(config: DictConfig) -> None:
    """Run one cell; keep its failure for the end, so that the other cells of a grid run too."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    alone = HydraConfig.get().mode != RunMode.MULTIRUN
    logging.raiseExceptions = False  # a run.log that cannot be written is no second failure
    stopping.end_worker_with_parent()
    if together.rank(config.trainer):
        train(config, folder)  # the first process holds the lock, records and tells
        return
    if not alone:
        _name_the_cell(folder.name)
    try:
        with FileLock(folder / LOCK):
            results = run_cell(config, folder)
        if alone:
            from icv_lightning.summary import show

            show(results, folder)
    except UserError as error:
        log.info("error: %s", error)
        _say(f"error: {error}", str(error), alone)
        if alone:
            _forget(folder)
        elif not record.read_results(folder):
            _record_failure(folder, config, error)
    except (KeyboardInterrupt, SystemExit):  # Lightning turns Ctrl-C and SIGTERM into the latter
        if alone:
            print(stopping.GOES_ON, file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        log.info("run failed", exc_info=True)  # the traceback is for run.log
        cause = printable(f"{folder.name}: {type(error).__name__}: {error}")
        _say(f"failed: {cause} (see {folder / 'run.log'})", cause, alone)
        _record_failure(folder, config, error)


def run_cell(config: DictConfig, folder: Path) -> dict[str, Any]:
    """Return the results of the cell in `folder`: those that are there, or those of a run now.

    Raises:
        UserError: `folder` holds the results of another configuration.
    """
    results = record.read_results(folder)
    if results and results.get("config_hash") != config_hash(config):
        raise UserError(f"{folder}: holds the results of another configuration; choose another name=…")
    if results and results.get("status") == "completed" and not config.force:
        if not _in_grid():
            print("already completed (force=true does it again)")
        return results
    record.remove_parts(folder)
    return train(config, folder)


def train(config: DictConfig, folder: Path) -> dict[str, Any]:
    """Return the results of a run, after writing them; the first of several processes writes for all.

    Raises:
        Exception: of the training; its `step` says how far that came.
    """
    started = time.perf_counter()
    checkpoint, resumed = starting_point(config, folder)

    import lightning as L
    import torch

    from icv_lightning import instantiate
    from icv_lightning.checkpoint import check_fits
    from icv_lightning.loggers import recording

    _quieten()
    _share_the_cores(config)
    L.seed_everything(config.seed, workers=True, verbose=False)
    # determinism would fill every new tensor with NaN first, in case that somebody reads what nobody wrote
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    data = instantiate.build_datamodule(config)
    data.setup()
    module = instantiate.build_module(config)
    if checkpoint:
        check_fits(module, checkpoint)
    _leave_displays(config)
    trainer = instantiate.build_trainer(config, folder)
    instantiate.share_batch_norm(trainer, module)
    # Lightning would read a checkpoint of float64 into float32 first
    module = trainer.precision_plugin.convert_module(module)  # type: ignore[assignment]
    if trainer.is_global_zero:
        (folder / record.RESULTS).unlink(missing_ok=True)
    identity = _identity(config)
    give_up = partial(_give_up, folder, config)
    with (
        recording(trainer.loggers, config, module, resumed),
        together.together(trainer, identity["config"], folder, give_up),
    ):
        try:
            stopping.check()  # imports are over
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
            trainer.test(module, datamodule=data, verbose=False)
        except Exception as error:
            error.step = getattr(error, "step", trainer.global_step)  # type: ignore[attr-defined]
            raise
        measured = module.measured()  # asked of every process
        seconds = time.perf_counter() - started
        found = {"status": "completed"} | identity | measured
        if trainer.is_global_zero:
            record.write_results(folder, found | {"class_names": data.class_names, "seconds": seconds})
    return record.read_results(folder) or {}


def _leave_displays(config: DictConfig) -> None:
    """Take away the progress bar of a grid's cell, and all displays and loggers of a process that follows."""
    follows = together.rank(config.trainer) > 0
    with open_dict(config):
        if (follows or _in_grid()) and config.get("callbacks"):
            config.callbacks.pop("progress", None)  # the grid has a display of its own
        if follows:
            config.logger = {}


def _in_grid() -> bool:
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


def _give_up(folder: Path, config: DictConfig, cause: str) -> None:
    line = f"{folder.name}: {cause}"
    print(f"failed: {line} (see {folder / 'run.log'})", file=sys.stderr, flush=True)
    _record_failure(folder, config, RuntimeError(cause))


def _identity(config: DictConfig) -> dict[str, Any]:
    return {
        "cell": cell_fields(config),
        "config_hash": config_hash(config),
        "config": OmegaConf.to_container(config, resolve=True),
        "versions": record.versions(),
    }


def _record_failure(folder: Path, config: DictConfig, error: Exception) -> None:
    failed = {"status": "failed", "cause": f"{type(error).__name__}: {error}"}
    try:
        record.write_results(folder, failed | {"step": getattr(error, "step", 0)} | _identity(config))
    except OSError as full:  # then the cause stands in the terminal alone
        print(f"failed: {folder.name}: {failed['cause']} (not recorded: {full.strerror})", file=sys.stderr)


def _say(line: str, failure: str, alone: bool) -> None:
    """Tell of a failed single run; that of a grid's cell is told by the display, from its results."""
    if alone:
        failures.append(failure)
        print(line, file=sys.stderr)


def _share_the_cores(config: DictConfig) -> None:
    import torch

    choices = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
    launcher = choices.get("hydra/launcher", "basic")
    if config.threads or launcher in ("joblib", "ray"):
        each = hardware.threads_each(launcher, config.workers, config.gpu_share)
        torch.set_num_threads(config.threads or min(torch.get_num_threads(), each))


def _name_the_cell(name: str) -> None:
    """Put the cell's name before the warnings of a grid in the terminal."""
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(logging.Formatter(f"%(levelname)s: {name}: %(message)s"))


def _quieten() -> None:
    """Leave Lightning's chatter to run.log, and silence what these settings make moot."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    for moot in (
        ".*does not have many workers",
        ".*LeafSpec.*deprecated",
        "Checkpoint directory .* exists",
        "The dirpath has changed from",  # of a checkpoint that is given
        "It is recommended to use `self.log.*sync_dist",  # what is logged was computed over all processes
    ):
        warnings.filterwarnings("ignore", moot)


def _forget(folder: Path) -> None:
    """Remove what Hydra made for a run that could not start, unless an earlier run left more there."""
    if {path.name for path in folder.iterdir()} <= {".hydra", "run.log", LOCK}:
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
