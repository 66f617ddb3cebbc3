"""Settings that are right alone and wrong together, or wrong on this machine; needs no torch."""

import importlib.util
import sys
from collections.abc import Mapping
from typing import Any

from icv_lightning import hardware
from icv_lightning.configuration.nested import select
from icv_lightning.configuration.settings import ABOUT
from icv_lightning.data.sizes import check_batch_size
from icv_lightning.errors import UserError

LEAST_PROCESSES = 8  # that may be asked of a CPU of few cores, to try what several would do


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


def check_devices(config: Mapping[str, Any], multirun: bool) -> None:
    """Raise `UserError` for devices that are not here, or that a cell of a multirun cannot have."""
    trainer = config["trainer"]
    kind, devices = trainer["accelerator"], trainer.get("devices", 1)
    if kind in ("gpu", "cuda") and not hardware.may_have_gpu():
        raise UserError(f"trainer.accelerator={kind}: no GPU is here; use auto or cpu")
    package = {"mps": "", "tpu": "torch_xla"}.get(kind)
    if (kind == "mps" and sys.platform != "darwin") or (package and not importlib.util.find_spec(package)):
        raise UserError(f"trainer.accelerator={kind}: there is none here; use auto or cpu")
    most = max(LEAST_PROCESSES, hardware.cores())
    count = int(devices) if str(devices).isdecimal() else 1
    if count > most and (kind == "cpu" or (kind == "auto" and not hardware.visible_gpus())):
        raise UserError(f"trainer.devices={devices}: must be at most {most} processes on this CPU")
    check_batch_size(config["data"]["batch_size"], count)
    strategy = trainer.get("strategy", "auto")
    if multirun and (str(strategy).startswith("ddp") or devices not in (1, "1", "auto", [0])):
        raise UserError(
            f"trainer.strategy={strategy} trainer.devices={devices}: a cell of a multirun is one process on "
            "one device; run the cells one by one, or leave both as they are"
        )
