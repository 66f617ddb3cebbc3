"""What the tests of metrics share: several processes, pretended."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from torchmetrics import Metric


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
