"""The parameter groups that an optimizer gets: which decay, and which learn at a rate of their own."""

from collections.abc import Iterable
from typing import Any

from torch import nn

CENTROIDS = "centroids"  # marks the group of centroids and of what a loss owns


def parameter_groups(
    network: Iterable[nn.Parameter],
    own: Iterable[nn.Parameter],
    centroid_lr: float | None = None,
    decay_all: bool = False,
) -> list[dict[str, Any]]:
    """Return the parameters that learn, in at most three groups; a group without parameters is left out.

    Weight decay applies to the network's weights: parameters of two or more dimensions. Biases, the scales of
    normalisation layers, centroids and a loss's own parameters have none, because decay would pull them to
    zero and not towards a simpler network.

    Args:
        network: parameters of network and head.
        own: centroids, and what the loss owns.
        centroid_lr: learning rate of `own`; None for the optimizer's.
        decay_all: apply the optimizer's weight decay to all parameters.
    """
    learning = [p for p in network if p.requires_grad]
    none = {} if decay_all else {"weight_decay": 0.0}
    rate = {} if centroid_lr is None else {"lr": centroid_lr}
    groups: list[dict[str, Any]] = [
        {"params": [p for p in learning if p.ndim > 1]},
        {"params": [p for p in learning if p.ndim <= 1], **none},
        {"params": list(own), CENTROIDS: True, **none, **rate},
    ]
    return [group for group in groups if group["params"]]
