"""`retrieval` as a metric of the final test."""

from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from icv_lightning.errors import check_at_least
from icv_lightning.evaluation.retrieval import retrieval
from icv_lightning.metrics.exact import ExactMetric
from icv_lightning.shapes import check_batch


class Retrieval(ExactMetric):
    """`retrieval` over all batches and processes; keeps the embeddings, so meant for the final test.

    Args:
        max_queries: use at most so many queries, evenly spaced in the sample; at least 1.

    Raises:
        ValueError: `max_queries` below 1.
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = True
    embeddings: list[Tensor]
    target: list[Tensor]

    def __init__(self, max_queries: int = 10_000) -> None:
        super().__init__()
        check_at_least(1, max_queries=max_queries)
        self.max_queries = max_queries
        self.add_state("embeddings", [], dist_reduce_fx="cat")
        self.add_state("target", [], dist_reduce_fx="cat")

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Keep a batch; raise `ValueError` for shapes that do not fit (`check_batch`)."""
        check_batch(target, embeddings)
        self.embeddings.append(embeddings.detach())
        self.target.append(target)

    def compute(self) -> dict[str, Tensor]:
        """Return `recall_at_1`, `r_precision` and `map_at_r`, float64."""
        return retrieval(dim_zero_cat(self.embeddings), dim_zero_cat(self.target), self.max_queries)
