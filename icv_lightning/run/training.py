"""Training, testing and recording one cell, in its first process and in those that follow it.

Whatever needs torch is imported only once a run starts.
"""

import gc
import importlib
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.provenance import provenance
from icv_lightning.records.checkpoints import checkpoint_file
from icv_lightning.records.measured import test_values
from icv_lightning.records.results import versions, write_results
from icv_lightning.run import processes
from icv_lightning.run.starting_point import starting_point
from icv_lightning.terminal.exit_status import check_stopped

if TYPE_CHECKING:
    from lightning import Trainer

    from icv_lightning.data import ImageDataModule
    from icv_lightning.module import ClassifierModule


def train(config: DictConfig, cell: Identity, folder: Path) -> None:
    """Train, test and write the results of a run; the first of several processes writes for all.

    Raises:
        Exception: any error of the training; its `step` says how far it came.
    """
    started = time.perf_counter()
    checkpoint, resumed = starting_point(cell, folder)
    recorded = _recorded(cell) | {"provenance": provenance(cell.config)}
    config = OmegaConf.merge(config, {"paths": {"run": str(folder)}})  # type: ignore[assignment]
    _import_lightning()
    from icv_lightning import building
    from icv_lightning.loggers import recording
    from icv_lightning.run.preparation import prepare_process
    from icv_lightning.run.trainer import prepared_trainer

    prepare_process(config)
    data = _data(config)
    module = building.build_module(**building.module_arguments(config, data), settings=cell.settings)
    building.check_module(config, module)
    _set_weights(module, data, config, checkpoint)
    recorded["provenance"]["data"] = recorded["provenance"]["data"] or data.digest()
    module.provenance = recorded["provenance"]
    trainer = prepared_trainer(config, cell, module, folder)
    give_up = partial(_give_up, folder, cell)
    with (
        recording(trainer.loggers, cell, module, resumed),
        processes.together(trainer, recorded["config"], folder, give_up),
    ):
        try:
            check_stopped()  # imports are over
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
            tested = _tested_weights(trainer, module)
            trainer.test(module, datamodule=data, verbose=False)
        except Exception as error:
            error.step = getattr(error, "step", trainer.global_step)  # type: ignore[attr-defined]
            raise
        measured = module.measured()  # asked of every process
        seconds = time.perf_counter() - started
        found = _outcome(trainer) | recorded | measured | tested
        if trainer.is_global_zero:
            found["measures"] = test_values(folder)
            write_results(folder, found | data.recorded() | {"seconds": seconds})


def _import_lightning() -> None:
    """Import Lightning and torch, once, without a search for garbage in between: a seventh of the time."""
    if "lightning" in sys.modules:
        return
    gc.disable()
    try:
        importlib.import_module("lightning")
        gc.freeze()  # what was imported stays, so that no later search looks at it
    finally:
        gc.enable()


def _outcome(trainer: "Trainer") -> dict[str, Any]:
    """Return how a run ended; one that was cut short, to see whether it works, is not completed."""
    if getattr(trainer, "fast_dev_run", False):
        cause = "trainer.fast_dev_run: a few batches alone, its numbers are no results"
        return {"status": "tried", "cause": cause}
    return {"status": "completed"}


def _tested_weights(trainer: "Trainer", module: "ClassifierModule") -> dict[str, Any]:
    """Load the weights that the final test measures, best or last, and say which."""
    from icv_lightning.callbacks import BestCheckpoint
    from icv_lightning.records.checkpoints import read_checkpoint

    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, BestCheckpoint) and callback.best_model_path:
            content = read_checkpoint(callback.best_model_path)
            module.load_state_dict(content["state_dict"])
            return {"weights": "best", "weights_epoch": content["epoch"] + 1}
    return {"weights": "last", "weights_epoch": trainer.current_epoch}


def record_failure(folder: Path, cell: Identity, error: Exception) -> None:
    """Write results.json of a run that failed: its cause, its last step, its settings."""
    failed = {"status": "failed", "cause": f"{type(error).__name__}: {error}"}
    try:
        write_results(folder, failed | {"step": getattr(error, "step", 0)} | _recorded(cell))
    except OSError as full:  # then the cause stands in the terminal alone
        print(f"failed: {folder.name}: {failed['cause']} (not recorded: {full.strerror})", file=sys.stderr)


def _data(config: DictConfig) -> "ImageDataModule":
    """Return the data module, set up; it shows progress where the run does."""
    from icv_lightning.building import build_datamodule

    data = build_datamodule(config)
    shown = (config.get("callbacks") or {}).get("progress")
    data.quiet = not shown or processes.in_grid() or processes.rank(config.trainer) > 0
    data.setup()
    return data


def _set_weights(
    module: "ClassifierModule", data: "ImageDataModule", config: DictConfig, checkpoint: Path | None
) -> None:
    """Check that a checkpoint to resume from fits; without one take the weights of `init_from`, if set."""
    from icv_lightning.run.initial_weights import take_weights
    from icv_lightning.run.starting_point import check_fits

    if checkpoint:
        check_fits(module, data, checkpoint)
    elif config.init_from:
        take_weights(module, data, checkpoint_file(Path(config.init_from)))


def _recorded(cell: Identity) -> dict[str, Any]:
    return {"cell": cell.fields, "config_hash": cell.hash, "config": cell.config, "versions": versions()}


def _give_up(folder: Path, cell: Identity, cause: str) -> None:
    line = f"{folder.name}: {cause}"
    print(f"failed: {line} (see {folder / 'run.log'})", file=sys.stderr, flush=True)
    record_failure(folder, cell, RuntimeError(cause))
