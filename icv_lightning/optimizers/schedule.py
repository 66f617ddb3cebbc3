"""How the learning rate changes during a run: a scheduler of torch, multiplied by a linear warm-up."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LinearLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from icv_lightning.errors import UserError
from icv_lightning.optimizers.groups import CENTROIDS

Scheduler = LRScheduler | ReduceLROnPlateau
CONSTANT = "constant_lr"  # the rate of a group that no scheduler changes


class Schedule:
    """A learning-rate schedule: `algorithm` changes the rate each step or epoch, a warm-up multiplies it.

    The warm-up is `torch.optim.lr_scheduler.LinearLR`: of W warm-up steps, step t (from 0) has (t + 1) / W of
    the rate. Both are kept in checkpoints, so a resumed run has the rates of an undisturbed one.

    Args:
        name: as it stands in the configuration.
        algorithm: makes a scheduler of an optimizer; None for a constant rate.
        interval: "step" or "epoch", after which the scheduler changes the rate.
        length: name of the argument of `algorithm` that takes the number of steps (or epochs) of the run;
            None where it has none.
        warmup: share of the run's steps over which the rate rises from near 0, in [0, 1).
        monitor: logged key that the scheduler looks at after an evaluation; None for none.
        centroids: "follow" the schedule, or "stay" at their first rate.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(
        self,
        name: str = "none",
        algorithm: Callable[..., Scheduler] | None = None,
        interval: str = "step",
        length: str | None = None,
        warmup: float = 0.0,
        monitor: str | None = None,
        centroids: str = "follow",
    ) -> None:
        if interval not in ("step", "epoch"):
            raise ValueError(f"interval must be 'step' or 'epoch', got {interval!r}")
        if not 0 <= warmup < 1:
            raise ValueError(f"warmup must be at least 0 and below 1, got {warmup}")
        if centroids not in ("follow", "stay"):
            raise ValueError(f"centroids must be 'follow' or 'stay', got {centroids!r}")
        if length and length in getattr(algorithm, "keywords", {}):
            raise ValueError(f"{length} must be left out: it is the length of the run")
        self.name, self.algorithm, self.interval, self.length = name, algorithm, interval, length
        self.warmup, self.monitor, self.centroids = warmup, monitor, centroids

    @property
    def constant(self) -> bool:
        """Tell whether the rate never changes."""
        return self.algorithm is None and not self.warmup

    def configured(self, optimizer: Optimizer, steps: int, epochs: int) -> list[dict[str, Any]]:
        """Return Lightning's configuration of the schedulers of an optimizer, those that there are.

        Args:
            optimizer: with the rates to start from.
            steps: number of steps of the whole run.
            epochs: number of epochs of the whole run.
        """
        if self.centroids == "stay":
            for group in optimizer.param_groups:
                if group.get(CENTROIDS):
                    group[CONSTANT] = float(group["lr"])
        found: list[dict[str, Any]] = []
        if self.algorithm is not None:
            length = {self.length: steps if self.interval == "step" else epochs} if self.length else {}
            main = self.algorithm(optimizer, **length)
            found.append({"scheduler": main, "interval": self.interval})
            if self.monitor:  # Lightning would step it after the epoch's checkpoint is written
                found[-1] |= {"monitor": self.monitor, "frequency": sys.maxsize}
        count = round(self.warmup * steps)
        if count > 1 and not (found and isinstance(found[0]["scheduler"], OneCycleLR)):
            rising = LinearLR(optimizer, start_factor=1 / count, total_iters=count - 1)
            found.append({"scheduler": rising, "interval": "step"})
        restore(optimizer)
        return found

    def seen(self, logged: Mapping[str, Tensor]) -> Tensor:
        """Return what the scheduler looks at.

        Raises:
            UserError: no such key is logged.
        """
        if self.monitor is None or self.monitor not in logged:
            raise UserError(
                f"scheduler.monitor={self.monitor}: not logged; must be one of {', '.join(sorted(logged))}"
            )
        return logged[self.monitor]


def restore(optimizer: Optimizer) -> None:
    """Restore the rate of groups whose rate is constant, after a scheduler has changed all."""
    for group in optimizer.param_groups:
        if CONSTANT in group:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(group[CONSTANT])
            else:
                group["lr"] = group[CONSTANT]


def one_cycle(optimizer: Optimizer, total_steps: int, **options: Any) -> OneCycleLR:
    """Return torch's `OneCycleLR` whose greatest rates are those that the optimizer's groups have."""
    rates: list[Any] = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=rates, total_steps=total_steps, **options)
