"""Intra-class variance of a batch (Pilarczyk and Skarbek 2019, equation 5), the learned form of center loss.

L_var = mean_j ‖z_j − C[y_j]‖²: squared Euclidean norm, summed over the N coordinates, mean over the
batch, no factor one half.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from icv_lightning.centroids.rule import SparseRows
from icv_lightning.shapes import check_batch


def intra_class_variance(
    embeddings: Float[Tensor, "batch dim"],
    centroids: Float[Tensor, "classes dim"],
    target: Int[Tensor, " batch"],
) -> Float[Tensor, ""]:
    """Return the mean squared distance of embeddings to the centroid of their class (equation 5).

    Differentiable in `embeddings` and in `centroids`, so the gradient moves both; detach the one that
    must not move. Costs O(B·N) whatever the number of classes; so does the gradient of `SparseRows`
    centroids, which is sparse, while that of others is K x N. Computed in float32 under autocast,
    in the input's precision otherwise. An empty batch gives 0.

    Raises:
        ValueError: shapes that do not fit each other, or classes outside of 0 to K - 1 (`check_batch`).
    """
    check_batch(target, embeddings, centroids=centroids)
    with torch.autocast(embeddings.device.type, enabled=False):
        wide = torch.promote_types(embeddings.dtype, torch.float32)
        own = nn.functional.embedding(target, centroids, sparse=isinstance(centroids, SparseRows)).to(wide)
        total = nn.functional.mse_loss(embeddings.to(wide), own, reduction="sum")  # keeps no difference
        return total / max(len(target), 1)


class IntraClassVarianceLoss(nn.Module):
    """`intra_class_variance` as a module without state; the centroids are given at each call."""

    def forward(
        self,
        embeddings: Float[Tensor, "batch dim"],
        centroids: Float[Tensor, "classes dim"],
        target: Int[Tensor, " batch"],
    ) -> Float[Tensor, ""]:
        """Return L_var of the batch."""
        return intra_class_variance(embeddings, centroids, target)
