"""Intra-class minus inter-class variance with the total bounded (Pilarczyk and Skarbek 2019, end of 2.3).

The paper names this extension without a formula: the inter-class variance is subtracted, the grand mean m
is learned by the optimizer of the class centroids C, the total variance is kept bounded. Here, of a batch,

    W = mean_j ‖z_j − C[y_j]‖²     T = mean_j ‖z_j − m‖²     S = T − W

W is equation 5. At the minimising C and m (class means, by equation 6, and the mean) T is the total and S
the inter-class variance Σ P_k‖C_k − m‖². The discriminant with weight β and bound τ is

    D = W − β·S + 2β·max(0, T − τ) = (1 + β)·W + β·|T − τ| − β·τ

Subtracting S alone has no minimum: scaling the embeddings up lowers it for ever. D cannot run away:
D ≥ −βτ, and with W ≥ 0 also D ≥ β(T − 2τ), so T ≤ 2τ + D/β. For L = CE + λ·D, with CE ≥ 0, whatever does
not raise a loss L⁰ keeps T ≤ 2τ + L⁰/(λβ). Both hold for means over batches too, as D is convex in T, and
T is at least the variance of the embeddings, its minimum over m. With T held at τ, only a falling W/T
lowers D, where equation 5 falls whenever all embeddings shrink.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import relu

from icv_lightning.errors import check_at_least
from icv_lightning.losses.intra_class_variance import intra_class_variance
from icv_lightning.losses.terms import CrossEntropy, check_factor, gradient_alone
from icv_lightning.shapes import check_batch


def total_variance(
    embeddings: Float[Tensor, "batch dim"], grand_mean: Float[Tensor, " dim"]
) -> Float[Tensor, ""]:
    """Return T = mean_j ‖z_j − m‖²; over m it is least at the mean of the batch.

    It is `intra_class_variance` with one class: precision, an empty batch and errors are as there.
    """
    one_class = torch.zeros(len(embeddings), dtype=torch.long, device=embeddings.device)
    return intra_class_variance(embeddings, grand_mean[None], one_class)


def inter_class_variance(
    embeddings: Float[Tensor, "batch dim"],
    centroids: Float[Tensor, "classes dim"],
    grand_mean: Float[Tensor, " dim"],
    target: Int[Tensor, " batch"],
) -> Float[Tensor, ""]:
    """Return S = T − W, the inter-class variance Σ P_k‖C_k − m‖² where C and m are the batch's means.

    Its gradient for an embedding is 2(C[y_j] − m)/B: it moves with its class, away from the grand mean.
    """
    return total_variance(embeddings, grand_mean) - intra_class_variance(embeddings, centroids, target)


def discriminant(
    embeddings: Float[Tensor, "batch dim"],
    centroids: Float[Tensor, "classes dim"],
    grand_mean: Float[Tensor, " dim"],
    target: Int[Tensor, " batch"],
    between: float = 1.0,
    max_total_variance: float = 100.0,
) -> Float[Tensor, ""]:
    """Return D = W − β·S + 2β·max(0, T − τ), β `between`, τ `max_total_variance`.

    Centroids get the gradient of W alone, towards their class means; that of S would push them beyond.
    The grand mean gets none, for D falls when it leaves the mean: see `DiscriminantLoss`.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    fixed, mean = centroids.detach(), grand_mean.detach()
    within = intra_class_variance(embeddings, centroids, target)
    inter = inter_class_variance(embeddings, fixed, mean, target)
    excess = relu(total_variance(embeddings, mean) - max_total_variance)
    return within - between * inter + 2 * between * excess


class DiscriminantLoss(nn.Module):
    """Cross-entropy plus λ times `discriminant`; owns the grand mean m (N), a parameter like any other.

    m minimises mean_j ‖z_j − m‖² as C_k minimises ‖z_j − C_k‖² over its class (equation 6). In that term the
    embeddings are detached and its value is taken out of `loss`: it moves m and nothing else. With λ = 0
    the network gets the gradient of cross-entropy, bit for bit, while C and m still learn.

    Args:
        weight: λ, finite and not negative.
        embedding_dim: N, at least 1.
        between: β, the weight of the inter-class variance within the λ-term, finite and not negative;
            with 0 this is `CombinedLoss`.
        max_total_variance: τ, positive and finite; T stays below 2τ + L/(λβ), near τ in practice.
        label_smoothing: label smoothing of the cross-entropy, in [0, 1).
        class_weights: weights in the cross-entropy, a positive number for each class; None for equal ones.

    Raises:
        ValueError: an argument that is not as said.
    """

    terms = ("loss", "loss_ce", "loss_var", "loss_between")
    whole_batch = True  # of max(0, T − τ)

    def __init__(
        self,
        weight: float,
        embedding_dim: int,
        between: float = 1.0,
        max_total_variance: float = 100.0,
        label_smoothing: float = 0.0,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        check_factor(weight)
        check_factor(between, "between (β)")
        if not 0 < max_total_variance < math.inf:
            raise ValueError(f"max_total_variance must be positive and finite, got {max_total_variance}")
        check_at_least(1, embedding_dim=embedding_dim)
        self.weight, self.between, self.max_total_variance = weight, between, max_total_variance
        self.grand_mean = nn.Parameter(torch.zeros(embedding_dim))
        self.cross_entropy = CrossEntropy(label_smoothing, class_weights)

    def forward(
        self,
        logits: Float[Tensor, "batch classes"],
        embeddings: Float[Tensor, "batch dim"],
        centroids: Float[Tensor, "classes dim"],
        target: Int[Tensor, " batch"],
    ) -> dict[str, Tensor]:
        """Return `loss` and its terms `loss_ce`, `loss_var` (W) and `loss_between` (S), each a scalar."""
        check_batch(target, embeddings, logits, centroids)
        loss_ce = self.cross_entropy(logits, target)
        fixed = embeddings.detach()
        if self.weight:
            value = discriminant(
                embeddings, centroids, self.grand_mean, target, self.between, self.max_total_variance
            )
            loss = loss_ce + self.weight * value
        else:
            loss = loss_ce + gradient_alone(intra_class_variance(fixed, centroids, target))
        loss = loss + (self.weight or 1.0) * gradient_alone(total_variance(fixed, self.grand_mean))
        with torch.no_grad():
            loss_var = intra_class_variance(fixed, centroids, target)
            loss_between = inter_class_variance(fixed, centroids, self.grand_mean, target)
        return {"loss": loss, "loss_ce": loss_ce, "loss_var": loss_var, "loss_between": loss_between}

    def extra_repr(self) -> str:
        """Show the settings in the module's printed form."""
        return f"weight={self.weight}, between={self.between}, max_total_variance={self.max_total_variance}"
