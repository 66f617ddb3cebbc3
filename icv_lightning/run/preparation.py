"""Logging, threads and random numbers of a process, before it trains."""

import logging
import os
import warnings

import lightning as L
import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from icv_lightning import hardware


def prepare_process(config: DictConfig) -> None:
    """Set logging, threads and random numbers of this process."""
    _quieten()
    _share_the_cores(config)
    if not torch.cuda.is_available():  # Lightning sets 1, and Adam searches for a driver at every step
        os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
    L.seed_everything(config.seed, workers=True, verbose=False)
    # determinism would fill every new tensor with NaN first, in case that somebody reads what nobody wrote
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def _share_the_cores(config: DictConfig) -> None:
    choices = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
    launcher = choices.get("hydra/launcher", "basic")
    if config.threads or launcher in ("joblib", "ray"):
        each = hardware.threads_each(launcher, config.workers, config.gpu_share)
        torch.set_num_threads(config.threads or min(torch.get_num_threads(), each))


def _quieten() -> None:
    """Send Lightning's messages to run.log alone, and silence warnings that do not apply here."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    for pattern in (
        ".*does not have many workers",
        ".*LeafSpec.*deprecated",
        "Checkpoint directory .* exists",
        r"Found \d+ module\(s\) in eval mode at the start of training",  # model.freeze
        "The dirpath has changed from",  # of a checkpoint that is given
        "It is recommended to use `self.log.*sync_dist",  # what is logged was computed over all processes
    ):
        warnings.filterwarnings("ignore", pattern)
