"""Settings that are right alone and wrong together, or wrong on this machine; needs no torch."""

import importlib.util
import sys

from omegaconf import DictConfig

from icv_lightning import hardware
from icv_lightning.data.sizes import check_batch_size
from icv_lightning.errors import UserError

LEAST_PROCESSES = 8  # that may be asked of a CPU of few cores, to try what several would do


def check_centroids(config: DictConfig) -> None:
    """Raise `UserError` for an optimizer that does not fit the centroid rule."""
    rate, rule = config.optimizer.centroid_lr, config.centroids.name
    if rate is not None and rule in ("batch_mean", "one_by_one"):
        raise UserError(
            f"optimizer.centroid_lr={rate}: must be null with centroids={rule}, which moves outside the "
            "gradient, by centroids.layer.alpha"
        )
    algorithm = str(config.optimizer.algorithm.get("_target_"))
    if config.centroids.layer.get("sparse") and algorithm.startswith("torch.optim.Adam"):
        raise UserError(
            "centroids.layer.sparse=true: Adam takes no sparse gradients; add optimizer=sparse_adam"
        )


def check_devices(config: DictConfig, multirun: bool) -> None:
    """Raise `UserError` for devices that are not here, or that a cell of a multirun cannot have."""
    kind, devices = config.trainer.accelerator, config.trainer.get("devices", 1)
    if kind in ("gpu", "cuda") and not hardware.may_have_gpu():
        raise UserError(f"trainer.accelerator={kind}: no GPU is here; use auto or cpu")
    package = {"mps": "", "tpu": "torch_xla"}.get(kind)
    if (kind == "mps" and sys.platform != "darwin") or (package and not importlib.util.find_spec(package)):
        raise UserError(f"trainer.accelerator={kind}: there is none here; use auto or cpu")
    most = max(LEAST_PROCESSES, hardware.cores())
    count = int(devices) if str(devices).isdecimal() else 1
    if count > most and (kind == "cpu" or (kind == "auto" and not hardware.visible_gpus())):
        raise UserError(f"trainer.devices={devices}: must be at most {most} processes on this CPU")
    check_batch_size(config.data.batch_size, count)
    strategy = config.trainer.get("strategy", "auto")
    if not multirun:
        return
    if str(strategy).startswith("ddp") or devices not in (1, "1", "auto", [0]):
        raise UserError(
            f"trainer.strategy={strategy} trainer.devices={devices}: a cell of a multirun is one process on "
            "one device; run the cells one by one, or leave both as they are"
        )
