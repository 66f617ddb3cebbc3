"""A CUDA graph's stand-in on a CPU: the operations that a step calls, repeated on the memory they had.

Like a graph it runs no Python, reads and writes the same tensors each time, draws random numbers anew, and
cannot be recorded where the step asks for a value.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

ASKING = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)


class Recorded(TorchDispatchMode):
    """Keep each operation with its arguments and results."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if operation in ASKING:
            raise RuntimeError(f"{operation} waits for the device\nand more lines")
        result = operation(*args, **(kwargs or {}))
        self.calls.append((operation, args, kwargs or {}, result))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        """Call all again; what an operation makes goes to where its first result lies."""
        for operation, args, kwargs, result in self.calls:
            given = {memory(value) for value in tensors((args, kwargs))}
            for old, new in zip(tensors(result), tensors(operation(*args, **kwargs)), strict=True):
                if memory(old) not in given:
                    old.copy_(new)


def record(step: Callable[[], object]) -> Callable[[], object]:
    """Return the replay of a step, as `cuda_graph` does."""
    step()
    with Recorded() as recorded:
        step()
    return recorded.replay


def tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, Tensor)]


def memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
