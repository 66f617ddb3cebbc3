"""How fast a run trains."""

import time
from typing import Any

import lightning as L
import torch


class Clock:
    """The time between two moments, on a GPU's own clock and without waiting for it."""

    def __init__(self) -> None:
        self.moments: list[Any] = []

    def note(self, device: torch.device) -> None:
        """Note a moment."""
        if device.type == "cuda":
            self.moments.append(torch.cuda.Event(enable_timing=True))  # type: ignore[no-untyped-call]
            self.moments[-1].record()
        else:
            self.moments.append(time.perf_counter())

    def seconds(self) -> float:
        """Return the time between the first and the last moment; the GPU must have come to the last."""
        first, last = self.moments[0], self.moments[-1]
        if isinstance(first, float):
            return last - first
        last.synchronize()
        return first.elapsed_time(last) / 1000


class Throughput(L.Callback):
    """Log `train/images_per_second` after each epoch: its training steps alone, of all processes.

    It goes to the trackers, and not into metrics.csv, which a repeated run reproduces to the last digit.
    """

    def __init__(self) -> None:
        self._clock, self._images = Clock(), 0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock."""
        self._clock, self._images = Clock(), 0
        self._clock.note(pl_module.device)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the images."""
        self._images += len(batch[1])

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop the clock."""
        self._clock.note(pl_module.device)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the rate."""
        if self._images:
            rate = self._images * trainer.world_size / self._clock.seconds()
            # on the host: from a number Lightning would make a tensor on the device, and wait for that
            pl_module.log("train/images_per_second", torch.tensor(rate), rank_zero_only=True)
