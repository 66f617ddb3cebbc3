"""What training steps ask of the device, counted by torch's profiler; it times nothing.

python -m benchmarks.step_calls [settings of a run]

Reads of values, for each of which a GPU would be waited for, and copies of more than one value to another
dtype or layout: the calls of ten steps under Lightning, with the callbacks of a run, on a CPU, and who makes
them. What steps do on a CPU alone is left out or told apart: the look at the classes of a batch
(`icv_lightning.shapes`), and the fused Adam's counters, which lie on the device elsewhere.
"""

import sys
from collections import Counter
from typing import Any

import lightning as L
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks import steps, written

STEPS = 10
READS = ("aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero", "aten::equal", "aten::_unique2")
COPY = "aten::_to_copy"


class Profiled(L.Callback):
    """Profile ten steps in the middle of the first epoch, from hook to hook."""

    def __init__(self) -> None:
        self.profiler = profile(activities=[ProfilerActivity.CPU], record_shapes=True)

    def on_train_batch_start(self, trainer: L.Trainer, module: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx == 2:
            self.profiler.start()

    def on_train_batch_end(
        self, trainer: L.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx == 1 + STEPS:
            self.profiler.stop()


def caller(event: Any) -> str:
    """Return the operation that an operation of the profile is part of."""
    parents: list[str] = []
    while (event := event.cpu_parent) is not None and len(parents) < 3:
        parents.append(event.name.removeprefix("aten::"))
    return " < ".join(parents)


def main() -> None:
    torch.Tensor.aminmax = lambda target: (0, 9)  # type: ignore[assignment, method-assign]
    calls, seen = Counter[str](), Profiled()
    steps.trained(steps.composed(["data=digits", "data.batch_size=64", *sys.argv[1:]]), STEPS + 4, seen)
    for event in seen.profiler.events():
        if event.name in READS:
            calls[f"{event.name} in {caller(event)}"] += 1
        elif event.name == COPY and event.input_shapes[0]:
            calls[f"{event.name} of {event.input_shapes[0]} in {caller(event)}"] += 1
    written.out("step_calls", [(call, count / STEPS, "") for call, count in calls.most_common()])


if __name__ == "__main__":
    main()
