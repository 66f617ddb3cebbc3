"""Ends a run whose loss is not finite, and says at which step and in which term."""

from typing import Any

import lightning as L
import torch

from icv_lightning.distributed import processes
from icv_lightning.errors import NonFiniteLossError
from icv_lightning.metrics import TermMeans
from icv_lightning.module import ClassifierModule


class FiniteLoss(L.Callback):
    """Raise `NonFiniteLossError`, with the first bad step and its terms, soon after a term is not finite.

    The module's means of terms count on the device the batches before a term went bad; the host looks at that
    every few steps and at the end of each epoch, before that epoch is evaluated or its checkpoint written.

    Args:
        every: training steps between looks, at least 1; a look waits for the device.

    Raises:
        ValueError: `every` below 1.
    """

    def __init__(self, every: int = 1000) -> None:
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.every = every
        self._start = 0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Remember the step before the epoch's first."""
        self._start = trainer.global_step

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Check the loss every few steps."""
        assert isinstance(pl_module, ClassifierModule)
        if trainer.is_last_batch or trainer.global_step % self.every == 0:
            self._look(trainer, pl_module.step_terms, batch_idx + 1)

    def _look(self, trainer: L.Trainer, means: TermMeans, batches: int) -> None:
        finite = means.finite.clone()
        if processes() > 1:
            torch.distributed.all_reduce(finite, torch.distributed.ReduceOp.MIN)
        counts = finite.tolist()
        if (good := min(counts)) == batches:
            return
        step = self._start + good // trainer.accumulate_grad_batches + 1
        bad = [term for term, count in zip(means.terms, counts, strict=True) if count == good]
        bad = [term for term in bad if term != "loss"] or bad
        raise NonFiniteLossError(
            f"{' and '.join(bad)} is not finite since step {step} (epoch {trainer.current_epoch + 1}); "
            "lower optimizer.lr or loss.lambda, or set +trainer.gradient_clip_val=1",
            step,
        )
