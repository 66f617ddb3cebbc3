"""Centroids as an ordinary parameter of the model (the paper's Hadamard layer H(1, C) = C, equation 5)."""

from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.centroids.rule import CentroidRule


class LearnedCentroids(CentroidRule):
    """Class centroids C (K x N) that the model's own optimizer learns (Hadamard layer, equation 5).

    Args:
        num_classes: K, at least 1.
        embedding_dim: N, at least 1.
        init: "zeros", "normal" for independent normal coordinates, or "class_means": a class starts at
            the mean of the first batch that holds it.
        std: standard deviation of "normal", positive.
        sparse: the gradient holds the rows of the batch's classes alone, for many classes; needs an optimizer
            that takes sparse gradients (`AdamWithSparseRows`).

    Raises:
        ValueError: a size below 1, an unknown `init`, or `std` not positive.
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        init: str = "zeros",
        std: float = 1.0,
        sparse: bool = False,
    ) -> None:
        super().__init__(num_classes, embedding_dim, init, std, learned=True, sparse=sparse)

    def update(self, embeddings: Float[Tensor, "batch dim"], target: Int[Tensor, " batch"]) -> None:
        """Leave C to the optimizer (other rules move theirs here)."""
        self.prepare(embeddings, target)
