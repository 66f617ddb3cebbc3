"""A run whose loss is no longer a number ends, and says where it went wrong."""

from typing import Any

import lightning as L
import torch
from torch import Tensor

from icv_lightning.distributed import processes
from icv_lightning.errors import NonFiniteLossError
from icv_lightning.module import ClassifierModule

NEVER = torch.iinfo(torch.int64).max


class FiniteLoss(L.Callback):
    """Raise `NonFiniteLossError`, with the first bad step and its terms, soon after a term is not finite.

    The first bad step of each term is noted on the device, after every training step; the host looks at it
    every few steps and at the end of each epoch, before that epoch is evaluated or its checkpoint written.

    Args:
        every: training steps between looks, at least 1; a look waits for the device.

    Raises:
        ValueError: `every` below 1.
    """

    def __init__(self, every: int = 100) -> None:
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.every = every
        self._first: Tensor | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget an earlier fit."""
        self._first = None

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the step for terms that are not finite; now and then, look."""
        assert isinstance(pl_module, ClassifierModule)
        sums = pl_module.step_terms.sums  # one bad step makes them bad for the rest of the epoch
        if self._first is None:
            self._first = torch.full_like(sums, NEVER, dtype=torch.int64)
        noted = self._first.clamp(max=trainer.global_step)
        self._first = torch.where(sums.isfinite(), self._first, noted)
        if trainer.is_last_batch or trainer.global_step % self.every == 0:
            self._look(trainer, pl_module.step_terms.terms)

    def _look(self, trainer: L.Trainer, terms: tuple[str, ...]) -> None:
        assert self._first is not None
        if processes() > 1:
            torch.distributed.all_reduce(self._first, torch.distributed.ReduceOp.MIN)
        first = self._first.tolist()
        if (step := min(first)) == NEVER:
            return
        bad = [term for term, when in zip(terms, first, strict=True) if when == step]
        bad = [term for term in bad if term != "loss"] or bad
        raise NonFiniteLossError(
            f"{' and '.join(bad)} is not finite since step {step} (epoch {trainer.current_epoch + 1}); "
            "lower optimizer.lr or loss.lambda, or set +trainer.gradient_clip_val=1",
            step,
        )
