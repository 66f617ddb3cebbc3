"""What the tests of metrics share: several processes, pretended."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torchmetrics import Metric


class LargestTensor(TorchDispatchMode):
    """Remembers how many numbers the largest result of an operation has."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        sizes = [x.numel() for x in pytree.tree_leaves(found) if isinstance(x, torch.Tensor)]
        self.numbers = max(self.numbers, *sizes, 0)
        return found


@pytest.fixture
def largest_tensor() -> LargestTensor:
    """A context that gives how many numbers the largest tensor made in it has."""
    return LargestTensor()


@pytest.fixture(scope="session")
def computed_together() -> Callable[[Sequence[Metric]], Any]:
    """Compute the first of `metrics` after gathering the states of all, as in a run of several processes."""

    def compute(metrics: Sequence[Metric]) -> Any:
        first = metrics[0]
        names = {id(getattr(first, name)): name for name in first._reductions}
        first.dist_sync_fn = lambda state, group: [getattr(metric, names[id(state)]) for metric in metrics]
        first.distributed_available_fn = lambda: True
        return first.compute()

    return compute
