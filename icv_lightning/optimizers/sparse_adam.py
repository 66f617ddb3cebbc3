"""Adam and SparseAdam as one optimizer, for a step whose cost does not grow with the number of classes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import ParamsT

from icv_lightning.centroids import SparseRows


class AdamWithSparseRows(torch.optim.Optimizer):
    """Adam for ordinary parameters and `torch.optim.SparseAdam` for `SparseRows` (sparse centroids).

    Where every class is in every batch it takes Adam's steps. Otherwise it differs: rows (classes) absent
    from a batch stay, and so do their moments, where dense Adam decays the moments and goes on moving the
    row along them. The bias correction counts all steps, those in which a row was absent too. `eps` is
    added before the correction of the second moment, so it weighs more in the first steps.

    State and groups are those of one optimizer: schedulers, `state_dict` and `load_state_dict` work as
    ever. A group that holds both kinds is split in two.

    Args:
        params: parameters or groups, as for Adam.
        lr: learning rate.
        betas: decay of the moments.
        eps: added to the root of the second moment.
        weight_decay: weight decay of ordinary parameters; the sparse rows have none.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        shared = {"lr": lr, "betas": betas, "eps": eps}
        super().__init__(_split(params), shared)
        self._parts: dict[bool, torch.optim.Optimizer] = {}
        if dense := self._groups(sparse=False):
            self._parts[False] = torch.optim.Adam(dense, **shared, weight_decay=weight_decay, fused=True)  # type: ignore[arg-type]
        if sparse := self._groups(sparse=True):
            self._parts[True] = torch.optim.SparseAdam(sparse, **shared)  # type: ignore[arg-type]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take a step of both."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for sparse, part in self._parts.items():
            # loading a state replaces both dictionaries, so they are handed over anew
            part.param_groups, part.state = self._groups(sparse), self.state
            part.step()
        return loss

    def _groups(self, sparse: bool) -> list[dict[str, Any]]:
        return [group for group in self.param_groups if group["sparse"] == sparse]


def _split(params: ParamsT) -> list[dict[str, Any]]:
    """Return groups of one kind each, marked `sparse`."""
    given: list[Any] = list(params)
    groups: Iterable[Mapping[str, Any]] = (
        given if given and isinstance(given[0], Mapping) else [{"params": given}]
    )
    found = []
    for group in groups:
        kinds: dict[bool, list[Any]] = {}
        own = group["params"]
        for p in [own] if isinstance(own, nn.Parameter) else own:
            kinds.setdefault(isinstance(p, SparseRows), []).append(p)
        found += [{**group, "params": own, "sparse": sparse} for sparse, own in kinds.items()]
    return found
