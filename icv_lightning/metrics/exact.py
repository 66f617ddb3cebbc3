"""What the metrics here share: sums keep their precision whatever the module is converted to."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torchmetrics import Metric


class ExactMetric(Metric):
    """A metric whose states keep their dtype when the module around it becomes bfloat16 or float16.

    `torchmetrics.Metric` does so for `.half()` and its like, but not for `.to(dtype=…)`, which is what
    Lightning's `precision="bf16-true"` calls. `set_dtype` converts as ever.
    """

    def _apply(self, fn: Callable[[Tensor], Tensor], exclude_state: Sequence[str] = "") -> nn.Module:
        if self._dtype_convert:
            return super()._apply(fn, exclude_state)
        return super()._apply(lambda state: fn(state).to(state.dtype), exclude_state)
