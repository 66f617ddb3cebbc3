"""Cross-entropy plus λ times the squared distance to the own centroid beyond a margin."""

from torch import Tensor, nn
from torch.nn import functional


class HingeLoss(nn.Module):
    """L0 + λ · mean_j max(0, ‖z_j − C[y_j]‖² − margin)."""

    terms = ("loss", "loss_ce", "loss_var")

    def __init__(self, weight: float, margin: float) -> None:
        super().__init__()
        self.weight, self.margin = weight, margin

    def forward(
        self, logits: Tensor, embeddings: Tensor, centroids: Tensor, target: Tensor
    ) -> dict[str, Tensor]:
        """Return `loss` and its terms."""
        loss_ce = functional.cross_entropy(logits, target)
        distances = (embeddings - centroids[target]).square().sum(1)
        loss_var = (distances - self.margin).relu().mean()
        return {"loss": loss_ce + self.weight * loss_var, "loss_ce": loss_ce, "loss_var": loss_var}
