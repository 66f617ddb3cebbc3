"""How tight, how round and how far apart the classes are; lengths in spacings of the class means."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.evaluation.geometry import own_distances, spacing
from icv_lightning.evaluation.neural_collapse import neural_collapse
from icv_lightning.variability import (
    between_class_covariance,
    class_covariance,
    class_means,
    within_class_covariance,
)
from icv_lightning.variability.covariance import explained

COMPONENTS = 3  # of R_w whose shares are listed
MAX_COVARIANCE_NUMBERS = 2**26  # numbers of all R(X_k); beyond it (512 MB) condition numbers are left out


def class_shape(
    embeddings: Float[Tensor, "sample dim"],
    target: Int[Tensor, " sample"],
    centroids: Float[Tensor, "classes dim"] | None = None,
    weight: Float[Tensor, "classes dim"] | None = None,
) -> dict[str, float]:
    """Return measures of the classes by name; NaN where classes have no extent.

    - `var_within`, `var_between`, `var_ratio` their quotient;
    - `distance_median`, `distance_p99`: to the own class mean, in spacings;
    - `within_pc1` … `within_pc3`: shares of var_within along principal axes of R_w;
    - `condition`: median over classes of the condition number of R(X_k), of classes of more than N pictures;
    - `effective_dim`, `effective_dim_within`: of all embeddings, and of R_w;
    - `nc1`, `nc2_norms`, `nc2_angles`, with `weight` `nc3` too, as of `neural_collapse`;
    - `centroid_lag`: mean distance of a centroid to its class mean, in spacings, and `nc3_centroids`: nc3
      with the centroids around their mean for `weight`; with `centroids` alone.

    Args:
        embeddings: M x N.
        target: M classes from 0, with 2 or more.
        centroids: K x N.
        weight: W of the linear scores, K x N.
    """
    means = class_means(embeddings, target)
    within, between = (f(embeddings, target) for f in (within_class_covariance, between_class_covariance))
    unit = spacing(means.numpy())
    own = own_distances(embeddings.numpy(), target.numpy(), means.numpy())
    found = {
        "var_within": within.trace().item(),
        "var_between": between.trace().item(),
        "var_ratio": (within.trace() / between.trace()).item(),
        "distance_median": float(np.median(own)) / unit,
        "distance_p99": float(np.quantile(own, 0.99)) / unit,
    }
    shares = explained(within, COMPONENTS).tolist()
    found |= {f"within_pc{i}": share for i, share in enumerate(shares, start=1)}
    found["condition"] = median_condition(embeddings, target)
    found["effective_dim"] = effective_dim(within + between)
    found["effective_dim_within"] = effective_dim(within)
    found |= {name: value.item() for name, value in neural_collapse(means, within, between, weight).items()}
    if centroids is not None:
        around = centroids - centroids.mean(0)
        found["nc3_centroids"] = neural_collapse(means, within, between, around)["nc3"].item()
        found["centroid_lag"] = float((centroids - means).norm(dim=1).nanmean()) / unit
    return found


def effective_dim(covariance: Float[Tensor, "dim dim"]) -> float:
    """Return (Σλ)² / Σλ² of the eigenvalues (participation ratio): N for a ball, 1 for a line."""
    return (covariance.trace().square() / covariance.square().sum()).item()


def median_condition(embeddings: Float[Tensor, "sample dim"], target: Int[Tensor, " sample"]) -> float:
    """Return the median condition number of R(X_k), 1 for a ball, over the classes of more than N pictures.

    NaN where there is none (R(X_k) of fewer is singular), or all R(X_k) together are too large.
    """
    dim = embeddings.shape[1]
    enough = [k for k, n in enumerate(torch.bincount(target).tolist()) if n > dim]
    if not enough or len(enough) * dim**2 > MAX_COVARIANCE_NUMBERS:
        return float("nan")
    chosen = torch.isin(target, torch.tensor(enough))
    covariances = class_covariance(embeddings[chosen], target[chosen])[enough]
    return torch.linalg.cond(covariances).median().item()


def mutual_confusions(
    preds: Int[Tensor, " sample"], target: Int[Tensor, " sample"], names: Sequence[str], most: int = 20
) -> list[dict[str, object]]:
    """Return the pairs of classes that take most of each other's embeddings, the worst first.

    Each has `first`, `second` (names), `first_as_second` and `second_as_first` (shares of the class's
    embeddings), `count` (both ways).
    """
    sizes = torch.bincount(target, minlength=len(names)).tolist()
    wrong = preds != target
    pairs, counts = torch.unique(torch.stack([target[wrong], preds[wrong]]), dim=1, return_counts=True)
    taken = {(a, b): n for (a, b), n in zip(pairs.T.tolist(), counts.tolist(), strict=True)}
    rows = [
        {
            "first": names[a], "second": names[b],
            "first_as_second": taken.get((a, b), 0) / sizes[a] if sizes[a] else 0.0,
            "second_as_first": taken.get((b, a), 0) / sizes[b] if sizes[b] else 0.0,
            "count": taken.get((a, b), 0) + taken.get((b, a), 0),
        }
        for a, b in sorted({(min(pair), max(pair)) for pair in taken})
    ]  # fmt: skip
    rows.sort(key=lambda row: -(row["first_as_second"] + row["second_as_first"]))  # type: ignore[operator]
    return rows[:most]
