"""The state of a training step: tensors that keep their place in memory and can be restored."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import Metric


@contextmanager
def put_back(module: nn.Module, optimizer: Optimizer, device: torch.device) -> Iterator[None]:
    """Undo what the body does to parameters, buffers, metrics, the optimizer's state and random numbers.

    The values are put back in place: the tensors are the same ones before, inside and after.
    """
    tensors = [
        *module.parameters(),
        *module.buffers(),
        *_metric_states(module),
        *_optimizer_states(optimizer),
    ]
    saved = [tensor.detach().clone() for tensor in tensors]
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, saved, strict=True):
                tensor.copy_(value)


@contextmanager
def in_place(module: nn.Module) -> Iterator[None]:
    """Copy each buffer that the body replaced into the tensor that was there before, and set that back."""
    before = [(part, *named) for part in module.modules() for named in part.named_buffers(recurse=False)]
    yield
    with torch.no_grad():
        for part, name, value in before:
            if (new := getattr(part, name)) is not value:
                setattr(part, name, value.copy_(new))


class DeviceRates:
    """Learning rates of an optimizer as tensors, for steps that read them where they compute.

    Outside of a step the optimizer's groups hold numbers, as schedulers and checkpoints expect.

    Args:
        optimizer: optimizer whose learning rates these are.
        device: device that computes.
    """

    def __init__(self, optimizer: Optimizer, device: torch.device) -> None:
        self.optimizer, self.on_gpu = optimizer, device.type == "cuda"
        dtype = torch.float32 if self.on_gpu else torch.float64  # fused kernels on a GPU read float32 alone
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.tensors = [torch.tensor(float(rate), dtype=dtype, device=device) for rate in self.rates]
        self.others = self._others()

    def refresh(self) -> str | None:
        """Bring rates that changed to the device; return the name of another setting that has changed."""
        for position, group in enumerate(self.optimizer.param_groups):
            if group["lr"] != self.rates[position]:
                self.rates[position] = group["lr"]
                self.tensors[position].fill_(group["lr"])
        now = zip(self.others, self._others(), strict=True)
        return next((key for old, new in now for key in old if old[key] != new[key]), None)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the optimizer read the tensors, and count its steps on the device."""
        groups = self.optimizer.param_groups
        before = [dict(group) for group in groups]
        for group, rate in zip(groups, self.tensors, strict=True):
            group["lr"] = rate
            if "capturable" in group:
                group["capturable"] = self.on_gpu
        try:
            yield
        finally:
            for group, old in zip(groups, before, strict=True):
                group.update(old)

    def _others(self) -> list[dict[str, Any]]:
        groups = self.optimizer.param_groups
        return [
            {key: value for key, value in group.items() if key not in ("params", "lr")} for group in groups
        ]


def _metric_states(module: nn.Module) -> list[Tensor]:
    metrics = [part for part in module.modules() if isinstance(part, Metric)]
    return [
        state for metric in metrics for state in metric.metric_state.values() if isinstance(state, Tensor)
    ]


def _optimizer_states(optimizer: Optimizer) -> list[Tensor]:
    states = optimizer.state.values()
    return [value for state in states for value in state.values() if isinstance(value, Tensor)]
