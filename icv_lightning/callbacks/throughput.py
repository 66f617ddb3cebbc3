"""How fast a run trains."""

import time
from typing import Any

import lightning as L
import torch


class Throughput(L.Callback):
    """Log `train/images_per_second` after each epoch: its training steps alone, of all processes.

    It goes to the trackers, and not into metrics.csv, which a repeated run reproduces to the last digit.
    """

    def __init__(self) -> None:
        self._started, self._seconds, self._images = 0.0, 0.0, 0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock."""
        self._started, self._images = time.perf_counter(), 0

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the images."""
        self._images += len(batch[1])

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop the clock, once the device has done all that it was given."""
        if pl_module.device.type == "cuda":
            torch.cuda.synchronize(pl_module.device)
        self._seconds = time.perf_counter() - self._started

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the rate."""
        if self._images:
            rate = self._images * trainer.world_size / self._seconds
            pl_module.log("train/images_per_second", rate, rank_zero_only=True)
