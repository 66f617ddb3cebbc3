"""The trainer of a run: callbacks, loggers, devices."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer
from lightning.pytorch.accelerators import CUDAAccelerator
from lightning.pytorch.callbacks import ModelCheckpoint
from omegaconf import DictConfig, open_dict
from torch import nn

from icv_lightning.building import build, without_about
from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.recipes import monitors
from icv_lightning.declarations.settings import ABOUT
from icv_lightning.errors import UserError
from icv_lightning.module import ClassifierModule
from icv_lightning.records.results import RESULTS
from icv_lightning.run import processes
from icv_lightning.strategies import CapturedStep

log = logging.getLogger(__name__)


def prepared_trainer(config: DictConfig, cell: Identity, module: ClassifierModule, folder: Path) -> Trainer:
    """Return the trainer; from here on the folder holds no results of an earlier try."""
    _check_monitors(cell, module)
    _leave_displays(config)
    trainer = build_trainer(config, folder)
    share_batch_norm(trainer, module)
    trainer.precision_plugin.convert_module(module)  # a checkpoint of float64 is read into float32 otherwise
    if trainer.is_global_zero:
        (folder / RESULTS).unlink(missing_ok=True)
    return trainer


def build_trainer(config: DictConfig, folder: Path) -> Trainer:
    """Return the trainer of `config` with its callbacks and loggers, writing into `folder`."""
    if config.trainer.accelerator in ("gpu", "cuda") and not torch.cuda.is_available():
        raise UserError(f"trainer.accelerator={config.trainer.accelerator}: no GPU is here; use auto or cpu")
    shown, recorded = config.get("callbacks") or {}, config.get("logger") or {}
    callbacks = [build(node, f"callbacks.{key}") for key, node in shown.items() if node and key != ABOUT]
    for callback in callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.dirpath is None:
            callback.dirpath = str(folder / "checkpoints")  # Lightning's own is named after the first logger
    loggers = [build(node, f"logger.{key}") for key, node in recorded.items() if node and key != ABOUT]
    settings = without_about(config.trainer)
    if settings.pop("graph", "off") == "auto" and (device := _one_gpu(settings)):
        settings["strategy"] = CapturedStep(device)
    return build(
        settings, "trainer", callbacks=callbacks, logger=loggers, default_root_dir=str(folder),
        enable_progress_bar=bool(shown.get("progress")),
    )  # fmt: skip


def _one_gpu(trainer: Mapping[str, Any]) -> torch.device | None:
    """Return the GPU of a trainer that uses a single one and leaves its strategy open."""
    wanted = trainer["accelerator"] in ("auto", "gpu", "cuda") and trainer.get("strategy") == "auto"
    if not wanted or not torch.cuda.is_available():
        return None
    devices = trainer.get("devices", 1)
    found = CUDAAccelerator.parse_devices(-1 if devices == "auto" else devices) or []
    return torch.device("cuda", found[0]) if len(found) == 1 else None


def share_batch_norm(trainer: Trainer, module: ClassifierModule) -> None:
    """Let batch normalisation see the batches of all processes on GPUs; warn on a CPU, which cannot."""
    if trainer.world_size == 1 or not any(
        isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in module.modules()
    ):
        return
    if trainer.strategy.root_device.type == "cuda":
        module.net = nn.SyncBatchNorm.convert_sync_batchnorm(module.net)  # type: ignore[no-untyped-call]
    elif trainer.is_global_zero:
        log.warning(
            "%d processes on a CPU: batch normalisation takes its statistics from each process's share of a "
            "batch, so results differ from those of one process", trainer.world_size,
        )  # fmt: skip


def _check_monitors(cell: Identity, module: ClassifierModule) -> None:
    """Raise `UserError` for a setting that looks at a key of the validation part which nothing logs."""
    names = [f"val/{name}" for name in module.evaluation.watched.names]
    for key, monitor in monitors(cell.config):
        if monitor.startswith("val/") and monitor not in names:
            raise UserError(f"{key}={monitor}: is not logged, must be one of {', '.join(names)}")


def _leave_displays(config: DictConfig) -> None:
    """Take away the progress bar of a grid's cell, and all displays and loggers of a process that follows."""
    follows = processes.rank(config.trainer) > 0
    with open_dict(config):
        if (follows or processes.in_grid()) and config.get("callbacks"):
            config.callbacks.pop("progress", None)  # the grid has a display of its own
        if follows:
            config.logger = {}
