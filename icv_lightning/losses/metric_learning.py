"""Losses of pytorch-metric-learning (Musgrave, Belongie, Lim 2020), in the place of cross-entropy."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from icv_lightning.errors import UserError
from icv_lightning.losses.intra_class_variance import intra_class_variance
from icv_lightning.losses.terms import check_factor, cross_entropy, gradient_alone
from icv_lightning.shapes import check_batch

CHUNK = 128  # images whose pairs an evaluation looks at together; all triplets of 1000 images need 3 GB


class Kind(NamedTuple):
    """How a loss of the library is constructed.

    Attributes:
        library_class: its name in `pytorch_metric_learning.losses`.
        margin: the library's name for the margin, None where the loss has none.
        scale: the library's name for the scale or temperature, None where the loss has none.
        has_proxies: it owns a vector for each class; else it compares the images of a batch in pairs.
        is_mean: it is a mean over the images of a batch, each held against the proxies alone.
    """

    library_class: str
    margin: str | None = None
    scale: str | None = None
    has_proxies: bool = False
    is_mean: bool = False


KINDS: Mapping[str, Kind] = {
    "contrastive": Kind("ContrastiveLoss", margin="neg_margin"),
    "triplet": Kind("TripletMarginLoss", margin="margin"),
    "arcface": Kind("ArcFaceLoss", "margin", "scale", has_proxies=True, is_mean=True),
    "cosface": Kind("CosFaceLoss", "margin", "scale", has_proxies=True, is_mean=True),
    "proxy_anchor": Kind("ProxyAnchorLoss", "margin", "alpha", has_proxies=True),
    "supcon": Kind("SupConLoss", scale="temperature"),
    "normalized_softmax": Kind("NormalizedSoftmaxLoss", scale="temperature", has_proxies=True, is_mean=True),
}


class MetricLearningLoss(nn.Module):
    """A loss of pytorch-metric-learning on embeddings, plus λ times intra-class variance (equation 5).

    The gradient of the network is that of the metric loss (and of λ · L_var) alone. The scores come from a
    probe: the module gives the head detached embeddings (`detached_head`), and `loss_probe`, its
    cross-entropy, trains the head and nothing else. Likewise, with λ = 0, L_var trains the centroids alone.
    Neither is then part of the value of `loss`. The library divides embeddings by their length before
    it compares them; L_var and the head see them as the network gives them.

    Losses with proxies own them as parameters. No loss here draws random numbers but for the start of its
    proxies. In evaluation mode pairs are formed within successive pieces of at most 128 images of a batch.

    Args:
        name: contrastive, triplet, arcface, cosface, proxy_anchor, supcon or normalized_softmax.
        num_classes: K.
        embedding_dim: N.
        weight: λ, finite and not negative.
        margin: the loss's own (of arcface in degrees); None for the library's default.
        scale: factor on the cosines, one over the temperature; None for the library's default.

    Raises:
        UserError: pytorch-metric-learning is not installed.
        ValueError: an unknown `name`, `weight` negative or not finite, `scale` not positive, a `margin`
            or `scale` for a loss that has none.
    """

    terms = ("loss", "loss_metric", "loss_probe", "loss_var")
    detached_head = True

    def __init__(
        self,
        name: str,
        num_classes: int,
        embedding_dim: int,
        weight: float = 0.0,
        margin: float | None = None,
        scale: float | None = None,
    ) -> None:
        super().__init__()
        if name not in KINDS:
            raise ValueError(f"name of a metric-learning loss must be one of {', '.join(KINDS)}, got {name}")
        self.name, self.weight, self.needs_pairs = name, check_factor(weight), not KINDS[name].has_proxies
        self.whole_batch = not KINDS[name].is_mean
        self.metric_loss = _made(name, num_classes, embedding_dim, margin, scale)

    def forward(
        self,
        logits: Float[Tensor, "batch classes"],
        embeddings: Float[Tensor, "batch dim"],
        centroids: Float[Tensor, "classes dim"],
        target: Int[Tensor, " batch"],
    ) -> dict[str, Tensor]:
        """Return `loss` and its terms `loss_metric`, `loss_probe` and `loss_var`, each a scalar."""
        check_batch(target, embeddings, logits, centroids)
        with torch.autocast(embeddings.device.type, enabled=False):
            loss_metric = self._metric(
                embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), target
            )
        loss_probe = cross_entropy(logits, target)
        loss_var = intra_class_variance(embeddings if self.weight else embeddings.detach(), centroids, target)
        # For head and, with λ = 0, centroids: the gradient, and exactly 0 for the value.
        term = self.weight * loss_var if self.weight else gradient_alone(loss_var)
        loss = loss_metric + term + gradient_alone(loss_probe)
        return {"loss": loss, "loss_metric": loss_metric, "loss_probe": loss_probe, "loss_var": loss_var}

    def extra_repr(self) -> str:
        """Show name and λ in the module's printed form."""
        return f"name={self.name!r}, weight={self.weight}"

    def _metric(self, embeddings: Tensor, target: Tensor) -> Tensor:
        if self.training or not self.needs_pairs:
            return self.metric_loss(embeddings, target)
        pieces = zip(torch.split(embeddings, CHUNK), torch.split(target, CHUNK), strict=True)
        return sum(len(y) * self.metric_loss(z, y) for z, y in pieces) / len(target)  # type: ignore[return-value]


def _made(
    name: str, num_classes: int, embedding_dim: int, margin: float | None, scale: float | None
) -> nn.Module:
    try:
        from pytorch_metric_learning import losses  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise UserError(
            "loss=metric_learning needs pytorch-metric-learning: pip install 'icv-lightning[metric-learning]'"
        ) from error
    kind, options = KINDS[name], dict[str, Any]()
    if kind.has_proxies:
        options |= {"num_classes": num_classes, "embedding_size": embedding_dim}
    for key, value in {"margin": margin, "scale": scale}.items():
        if value is None:
            continue
        if not (parameter := getattr(kind, key)):
            raise ValueError(f"{key} must be null for {name}, which has none, got {value}")
        if key == "scale" and not 0 < value < math.inf:
            raise ValueError(f"scale must be positive and finite, got {value}")
        options[parameter] = 1 / value if parameter == "temperature" else value
    return getattr(losses, kind.library_class)(**options)
