"""The whole loss of the paper (section 2.3 with the λ of its tables): L1 = L0 + λ · L_var."""

from collections.abc import Sequence

from jaxtyping import Float, Int
from torch import Tensor, nn

from icv_lightning.losses.intra_class_variance import intra_class_variance
from icv_lightning.losses.terms import CrossEntropy, check_factor, gradient_alone
from icv_lightning.shapes import check_batch


class CombinedLoss(nn.Module):
    """Cross-entropy ("Shannon information", equations 1 to 4) plus λ times intra-class variance (equation 5).

    With λ > 0 the variance term's gradient reaches embeddings and centroids. With λ = 0 the network gets
    the gradient of cross-entropy, bit for bit, while the centroids still learn, from detached embeddings;
    the value of the loss is then that of cross-entropy.

    Args:
        weight: λ, finite and not negative.
        label_smoothing: label smoothing of the cross-entropy, in [0, 1).
        class_weights: weights in the cross-entropy, a positive number for each class; None for equal ones.

    Raises:
        ValueError: an argument that is not as said.
    """

    terms = ("loss", "loss_ce", "loss_var")

    def __init__(
        self,
        weight: float,
        label_smoothing: float = 0.0,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.weight = check_factor(weight)
        self.cross_entropy = CrossEntropy(label_smoothing, class_weights)

    def forward(
        self,
        logits: Float[Tensor, "batch classes"],
        embeddings: Float[Tensor, "batch dim"],
        centroids: Float[Tensor, "classes dim"],
        target: Int[Tensor, " batch"],
    ) -> dict[str, Tensor]:
        """Return `loss` and its terms `loss_ce` and `loss_var`, each a scalar."""
        check_batch(target, embeddings, logits, centroids)
        loss_ce = self.cross_entropy(logits, target)
        loss_var = intra_class_variance(embeddings if self.weight else embeddings.detach(), centroids, target)
        # With λ = 0: the gradient of loss_var for the centroids, and exactly 0 for the value.
        term = self.weight * loss_var if self.weight else gradient_alone(loss_var)
        return {"loss": loss_ce + term, "loss_ce": loss_ce, "loss_var": loss_var}

    def extra_repr(self) -> str:
        """Show λ in the module's printed form."""
        return f"weight={self.weight}"
