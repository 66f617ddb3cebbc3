"""The last layers that every network here shares: projection to the embedding, and scores of it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from icv_lightning.errors import check_at_least


class Embedding(nn.Linear):
    """Full connection to the embedding z in R^N, optionally projected on the unit sphere.

    Args:
        in_features: features of the layer before.
        embedding_dim: N, at least 1.
        normalize: divide each embedding by its Euclidean norm.

    Raises:
        ValueError: `embedding_dim` below 1.
    """

    def __init__(self, in_features: int, embedding_dim: int, normalize: bool) -> None:
        check_at_least(1, embedding_dim=embedding_dim)
        super().__init__(in_features, embedding_dim)
        self.normalize = normalize

    def forward(self, features: Float[Tensor, "batch features"]) -> Float[Tensor, "batch dim"]:
        """Return the embeddings, computed in float32 whatever the autocast."""
        with torch.autocast(features.device.type, enabled=False):
            embeddings = super().forward(features.to(self.weight.dtype))
        return functional.normalize(embeddings) if self.normalize else embeddings


class LinearScores(nn.Linear):
    """Scores s in R^K of embeddings: s = scale · W z + b (the input of softmax, equation 1).

    Args:
        embedding_dim: N.
        num_classes: K, at least 2.
        bias: add a bias per class.
        normalized: the embeddings have unit length; only then `scale` is used.
        scale: start of a learnable factor on unit embeddings, whose scores are otherwise too small for
            cross-entropy to move; None for no factor.

    Raises:
        ValueError: `num_classes` below 2 or `scale` not positive and finite.
    """

    def __init__(
        self,
        embedding_dim: int,
        num_classes: int,
        bias: bool = True,
        normalized: bool = False,
        scale: float | None = None,
    ) -> None:
        check_at_least(2, num_classes=num_classes)
        if scale is not None and not 0 < scale < math.inf:
            raise ValueError(f"scale must be positive and finite, or None, got {scale}")
        super().__init__(embedding_dim, num_classes, bias=bias)
        learn = normalized and scale is not None
        self.scale = nn.Parameter(torch.tensor(float(scale))) if learn else None  # type: ignore[arg-type]

    def forward(self, embeddings: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch classes"]:
        """Return the scores, computed in float32 whatever the autocast."""
        with torch.autocast(embeddings.device.type, enabled=False):
            return super().forward(embeddings if self.scale is None else self.scale * embeddings)
