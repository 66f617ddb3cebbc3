"""Processes that train one run together: their number, their joined rows, means over all of them."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor


def processes() -> int:
    """Return the number of processes that train together."""
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if distributed else 1


def shared(mean: Tensor, rows: int) -> Tensor:
    """Return W·n/Σn times a mean over the `rows` n of each of W processes.

    The mean over processes that DistributedDataParallel takes of its gradients is then the gradient of the
    mean over all rows.
    """
    if (world := processes()) == 1:
        return mean
    total = torch.tensor(rows, device=mean.device)
    torch.distributed.all_reduce(total)
    return mean * (world * rows / total)


def joined(values: Tensor) -> Tensor:
    """Return the rows of all processes, rank 0's first; how many each has may differ.

    The gradient reaches this process's own rows, W times as large: the mean over W processes that all
    compute one loss of all rows is then the gradient of that loss.
    """
    if (world := processes()) == 1:
        return values
    from torchmetrics.utilities.distributed import gather_all_tensors  # imports scipy and torchvision

    fixed = values.detach()
    parts = gather_all_tensors(fixed)
    if values.requires_grad:
        parts[torch.distributed.get_rank()] = fixed + world * (values - fixed)
    return torch.cat(parts)


def joined_batches(batches: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return by name the rows of all batches, and of all processes, in order."""
    return {key: joined(torch.cat([batch[key] for batch in batches])) for key in batches[0]}


@torch.no_grad()
def average_sparse(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Replace sparse gradients, which DistributedDataParallel does not take, by their mean over processes."""
    if (world := processes()) == 1:
        return
    for parameter in parameters:
        own = parameter.grad.coalesce()  # type: ignore[union-attr]
        rows, values = joined(own.indices()[0]), joined(own.values()) / world
        parameter.grad = torch.sparse_coo_tensor(rows[None], values, own.shape).coalesce()
