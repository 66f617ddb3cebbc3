"""The training step as one CUDA graph, inside Lightning's own loop.

A training step of a small network starts hundreds of kernels from Python, which takes longer than they run.
Recorded once and replayed, they are one launch. Lightning hands its strategy every batch and every step: a
batch is copied to where the graph reads it, and a step replays forward, backward, clipping and optimizer.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import lightning as L
import torch
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import Tensor
from torch.optim import SGD, Optimizer

from icv_lightning.strategies.step_state import DeviceRates, in_place, put_back

log = logging.getLogger(__name__)
Step = Callable[[], object]
STEP_HOOKS = ("on_before_zero_grad", "on_before_backward", "on_after_backward", "on_before_optimizer_step")


class CapturedStep(SingleDeviceStrategy):
    """One device, whose training step is recorded and replayed for every batch of the first one's shape.

    The first step of a fit runs as written and makes the optimizer's state. The second is recorded, and all
    that this changed is put back before its replay. A batch of another shape, the last of an epoch, runs as
    written. Python inside a step runs no more: what changes from step to step must be a tensor, filled in
    place; learning rates may change all the same. What cannot be recorded runs as written, after one line in
    the log.

    Args:
        device: device that computes.
        record: gives the replay of a step, or raises RuntimeError; None for a CUDA graph.
        options: arguments of `SingleDeviceStrategy`.
    """

    strategy_name = "captured_step"

    def __init__(
        self, device: torch.device, record: Callable[[Step], Step] | None = None, **options: Any
    ) -> None:
        super().__init__(device, **options)
        self.record = record or cuda_graph
        self._forget()

    def setup(self, trainer: L.Trainer) -> None:
        """Forget an earlier fit, and look for what no graph holds."""
        super().setup(trainer)
        self._forget()
        if trainer.state.fn == "fit" and (reason := obstacle(trainer)):
            self._refuse(reason)

    def teardown(self) -> None:
        """Free the graph's memory."""
        self._forget()
        super().teardown()

    def batch_to_device(self, batch: Any, device: torch.device | None = None, dataloader_idx: int = 0) -> Any:
        """Bring a batch to the device, and one of training to where the graph reads it."""
        moved = super().batch_to_device(batch, device, dataloader_idx)
        assert self.lightning_module is not None
        training = self.lightning_module.trainer.training and not self._refused
        self._taken_in = training and self._take_in(moved)
        return self._batch if self._taken_in else moved

    def optimizer_step(self, optimizer: Optimizer, closure: Any, model: Any = None, **options: Any) -> Any:
        """Take a step: as written, or replayed."""
        written = partial(super().optimizer_step, optimizer, closure, model, **options)
        if not self._refused and (reason := self._changed(optimizer)):
            self._refuse(reason)
        if self._taken_in and optimizer.state and not self._replay:
            self._record(optimizer, closure, written)
        if self._refused:
            return written()
        if not self._taken_in or not self._replay:
            return self._in_place(written)
        self._replay()
        closure._result = self._result  # Lightning asks a closure for it, and for nothing else of a step
        return None

    def _forget(self) -> None:
        self._batch: tuple[Tensor, ...] | None = None
        self._taken_in = self._refused = False
        self._replay: Step | None = None
        self._result: Any = None
        self._rates: DeviceRates | None = None

    def _refuse(self, reason: str) -> None:
        log.warning("the training step is not recorded as a CUDA graph and runs as written: %s", reason)
        self._forget()
        self._refused = True

    def _take_in(self, batch: tuple[Tensor, ...]) -> bool:
        """Copy a batch to where the graph reads it; tell whether it has the shapes of the first."""
        if self._batch is None:
            self._batch = tuple(part.clone() for part in batch)
        if [part.shape for part in batch] != [part.shape for part in self._batch]:
            return False
        for held, part in zip(self._batch, batch, strict=True):
            held.copy_(part, non_blocking=True)
        return True

    def _changed(self, optimizer: Optimizer) -> str | None:
        """Bring changed learning rates to the device; say what else of the optimizer has changed."""
        if self._rates is None:
            self._rates = DeviceRates(optimizer, self.root_device)
        key = self._rates.refresh()
        return f"{key} of the optimizer changes from step to step" if key else None

    def _in_place(self, written: Step) -> None:
        assert self._rates is not None
        assert self.lightning_module is not None
        with self._rates.in_use(), in_place(self.lightning_module):
            written()

    def _record(self, optimizer: Optimizer, closure: Any, written: Step) -> None:
        assert self.lightning_module is not None
        try:
            with put_back(self.lightning_module, optimizer, self.root_device):
                self._replay = self.record(partial(self._in_place, written))
        except RuntimeError as error:
            self._refuse(str(error).partition("\n")[0])
        else:
            self._result = closure.consume_result()
            self._result.closure_loss = None  # and with it what autograd keeps of a step


def cuda_graph(step: Step) -> Step:
    """Return what replays the kernels of `step`, after two steps in which libraries choose theirs.

    Raises:
        RuntimeError: the step waits for the device, or has a kernel that no graph holds.
    """
    current, graph = torch.cuda.current_stream(), torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(current)
    with torch.cuda.stream(stream):
        step()
        with _waiting_refused():
            step()
    try:
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            step()
    except RuntimeError:
        torch.cuda.set_stream(current)
        generator = torch.cuda.default_generators[torch.cuda.current_device()]
        generator.graphsafe_set_state(generator.clone_state())  # else it believes that it is still recorded
        raise
    current.wait_stream(stream)
    return graph.replay


def obstacle(trainer: L.Trainer) -> str | None:
    """Return what keeps the trainer's step from being recorded, None for nothing that is seen before it."""
    optimizer = trainer.optimizers[0]
    if not (
        "capturable" in optimizer.defaults or (isinstance(optimizer, SGD) and optimizer.defaults["fused"])
    ):
        return f"optimizer {type(optimizer).__name__} keeps numbers on the host"
    if trainer.accumulate_grad_batches > 1:
        return "trainer.accumulate_grad_batches adds up several batches"
    if getattr(trainer.lightning_module, "loss_warmup", 0):
        return "loss.warmup is a number that rises from step to step"
    if getattr(trainer.precision_plugin, "scaler", None) is not None:
        return f"trainer.precision={trainer.precision} scales gradients by what the host sees of them"
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        for hook in STEP_HOOKS:
            if getattr(type(callback), hook) is not getattr(L.Callback, hook):
                return f"{type(callback).__name__}.{hook} runs inside it"
    return None


@contextmanager
def _waiting_refused() -> Iterator[None]:
    """Let what waits for the device raise RuntimeError, as it would while it is recorded."""
    before = torch.cuda.get_sync_debug_mode()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
            torch.cuda.set_sync_debug_mode("error")
            yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
