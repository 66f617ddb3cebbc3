"""A GPU's stand-in on a CPU: it knows which tensors would be on the GPU, and notes what would wait for it.

Where a tensor lies follows from what it was computed of. A read of a value, or a copy that is not left to run
beside the host, is a wait; so is `synchronize`, after which what was copied before may be read.
"""

import sys
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves

READS = {  # their results are on the host, or have a shape that the host must know
    "item", "tolist", "numpy", "cpu", "nonzero", "unique", "bincount", "masked_select", "equal", "allclose",
    "is_nonzero", "__bool__", "__int__", "__float__", "__index__", "__array__", "__contains__",
}  # fmt: skip


class PretendedGpu(TorchFunctionMode):
    """Notes, while it is entered, the module of this package that each wait comes from, in `waits`."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def hold(self, tensors: Iterable[Tensor]) -> None:
        """Let tensors lie on the GPU."""
        for tensor in tensors:
            tensor.on_gpu = True  # type: ignore[attr-defined]

    def wait(self) -> None:
        """Note a wait."""
        frame: Any = sys._getframe()
        names = []
        while frame:
            names.append(frame.f_globals.get("__name__", ""))
            frame = frame.f_back
        own = [name for name in names if name.startswith("icv_lightning.") and "on_host" not in name]
        self.waits.append(own[0].removeprefix("icv_lightning.") if own else names[2])

    def stream(self) -> SimpleNamespace:
        """Return what stands for `torch.cuda.current_stream()`."""
        return SimpleNamespace(synchronize=self.wait)

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        here = any(getattr(x, "on_gpu", False) for x in given)
        result = function(*args, **(kwargs or {}))
        name = (resolve_name(function) or getattr(function, "__name__", "")).rpartition(".")[2]
        if name == "__getitem__" and here and any(x.dtype == torch.bool for x in given[1:]):
            self.wait()
        copied = name == "to" and here and to_host(args[1:], kwargs or {})
        if here and (name in READS or (copied and not waits_not(args[1:], kwargs or {}))):
            self.wait()
        if copied or name == "cpu":
            return torch.Tensor.view_as(result, result)
        placed = name == "tensor" and (kwargs or {}).get("device") is not None
        if (here and name not in READS) or placed:
            self.hold(x for x in tree_leaves(result) if isinstance(x, Tensor))
        return result


def to_host(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether `Tensor.to` was given the host."""
    return any(str(x) == "cpu" for x in (*args, *kwargs.values()) if isinstance(x, str | torch.device))


def waits_not(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return kwargs.get("non_blocking", False) or any(x is True for x in args)


def held(module: nn.Module) -> list[Tensor]:
    """Return the weights and buffers of a module."""
    return [*module.parameters(), *module.buffers()]
