"""Values copied from the device to the host, with a single wait."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def on_host(values: Mapping[str, Tensor], *metrics: nn.Module) -> dict[str, Tensor]:
    """Return detached copies of `values` on the host, and move `metrics` there, in one wait for all of them.

    Each `.cpu()`, `float(…)` or `.tolist()` of a tensor on a GPU would wait for all that the GPU has to do.
    """
    copies = {key: value.detach().to("cpu", non_blocking=True) for key, value in values.items()}
    for metric in metrics:
        metric.to("cpu", non_blocking=True)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.current_stream().synchronize()
    return copies
