"""Settings that conflict with each other or with this machine; needs no torch."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

from icv_lightning import hardware
from icv_lightning.data.sizes import check_batch_size
from icv_lightning.declarations.settings import ABOUT
from icv_lightning.errors import UserError
from icv_lightning.nested import select

PARTIAL = {  # options that measure less than a whole part, and what is meant for that
    "limit_val_batches": "data.monitor_size and data.val_size make parts smaller",
    "limit_test_batches": "trainer.fast_dev_run=true tries a run",
    "overfit_batches": "data.train_size takes fewer images",
}
UNFIT = {  # options with which a run leaves no record that another could repeat
    "max_time": "a run that the clock ends is another on each machine; set trainer.max_epochs",
    "barebones": "leaves out checkpoints and metrics; +trainer.fast_dev_run=true tries a run",
}
OTHERS_STARTED = {"WORLD_SIZE", "SLURM_NTASKS"}  # who sets these starts the processes of all machines
FLOAT16_MIN = 6e-8  # positive number of float16
CPU_PROCESSES = 8  # that may be asked of a CPU of few cores, to try what several would do


def check_centroids(config: Mapping[str, Any]) -> None:
    """Raise `UserError` for an optimizer that does not fit the centroid rule, as `about` says of both."""
    rate, rule = config["optimizer"]["centroid_lr"], config["centroids"]
    if rate is not None and not select(rule, f"{ABOUT}.in_gradient", True):
        raise UserError(
            f"optimizer.centroid_lr={rate}: must be null with centroids={rule['name']}, which moves outside "
            "the gradient"
        )
    if rule["layer"].get("sparse") and not select(config, f"optimizer.{ABOUT}.sparse_gradients", True):
        raise UserError(
            "centroids.layer.sparse=true: this optimizer takes no sparse gradients; add optimizer=sparse_adam"
        )


def check_trainer(config: Mapping[str, Any]) -> None:
    """Raise `UserError` for options of the trainer that fail late, or that measure a part for the whole."""
    trainer, algorithm = config["trainer"], config["optimizer"]["algorithm"]
    least, most = trainer.get("min_epochs"), trainer.get("max_epochs")
    if least and most is not None and least > most:
        raise UserError(f"trainer.min_epochs={least}: must be at most trainer.max_epochs={most}")
    for key, why in UNFIT.items():
        if trainer.get(key):
            raise UserError(f"trainer.{key}={trainer[key]}: {why}")
    for key, instead in PARTIAL.items():
        if trainer.get(key) not in (None, 1.0) or type(trainer.get(key)) is int:
            raise UserError(f"trainer.{key}={trainer[key]}: would leave a part unmeasured; {instead}")
    if trainer.get("gradient_clip_algorithm") == "value" and select(config, "centroids.layer.sparse", False):
        raise UserError(
            "trainer.gradient_clip_algorithm=value: must be norm with centroids.layer.sparse=true"
        )
    eps, halves = algorithm.get("eps"), str(trainer.get("precision")) == "16-true"
    if halves and eps is not None and eps < FLOAT16_MIN and not algorithm.get("fused"):
        raise UserError(
            f"optimizer.algorithm.eps={eps:g}: is 0 in trainer.precision=16-true; must be at least 1e-07"
        )
    clips = trainer.get("gradient_clip_val") and str(trainer.get("precision")) in ("16-mixed", "16")
    if clips and algorithm.get("fused"):
        raise UserError(
            f"trainer.gradient_clip_val={trainer['gradient_clip_val']}: with trainer.precision=16-mixed "
            "needs optimizer.algorithm.fused=false"
        )


def check_devices(config: Mapping[str, Any], multirun: bool) -> None:
    """Raise `UserError` for devices that are not here, or that a cell of a multirun cannot have."""
    trainer = config["trainer"]
    kind, devices = trainer["accelerator"], trainer.get("devices", 1)
    if kind in ("gpu", "cuda") and not hardware.may_have_gpu():
        raise UserError(f"trainer.accelerator={kind}: no GPU is here; use auto or cpu")
    package = {"mps": "", "tpu": "torch_xla"}.get(kind)
    if (kind == "mps" and sys.platform != "darwin") or (package and not importlib.util.find_spec(package)):
        raise UserError(f"trainer.accelerator={kind}: there is none here; use auto or cpu")
    most = max(CPU_PROCESSES, hardware.cores())
    count = int(devices) if str(devices).isdecimal() else 1
    if count > most and (kind == "cpu" or (kind == "auto" and not hardware.visible_gpus())):
        raise UserError(f"trainer.devices={devices}: must be at most {most} processes on this CPU")
    check_batch_size(config["data"]["batch_size"], count)
    if trainer.get("num_nodes") not in (None, 1) and not OTHERS_STARTED & {*os.environ}:
        raise UserError(
            f"trainer.num_nodes={trainer['num_nodes']}: would wait for the others; start it with torchrun"
        )
    strategy = trainer.get("strategy", "auto")
    if multirun and (str(strategy).startswith("ddp") or devices not in (1, "1", "auto", [0])):
        raise UserError(
            f"trainer.strategy={strategy} trainer.devices={devices}: a cell of a multirun is one process on "
            "one device; run the cells one by one, or leave both as they are"
        )
