"""Neural collapse (Papyan, Han and Donoho 2020): how far embeddings and scores are from its end state.

In the end state each class is a point (NC1), the class means around the grand mean form a simplex
equiangular tight frame (NC2), the score weights are those means up to scale (NC3), and the highest
score is that of the nearest class mean (NC4, `icv_lightning.metrics.Agreement`). K means can form the
frame only in N ≥ K − 1 dimensions.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def neural_collapse(
    class_means: Float[Tensor, "classes dim"],
    within: Float[Tensor, "dim dim"],
    between: Float[Tensor, "dim dim"],
    weight: Float[Tensor, "classes dim"] | None = None,
) -> dict[str, Float[Tensor, ""]]:
    """Return NC1 to NC3, each 0 in the end state, float64.

    - `nc1`: tr(R_w·R_b⁺) / K, within-class covariance against between-class covariance;
    - `nc2_norms`: standard deviation over mean of ‖mean_k − grand mean‖ (equal norms);
    - `nc2_angles`: mean over pairs of |cos + 1/(K − 1)| (angles as wide as can be);
    - `nc3`: ‖W/‖W‖ − M/‖M‖‖² in Frobenius norms, M the centred class means; with `weight` alone.

    Embeddings that are not finite, or fewer than two classes, give NaN.

    Args:
        class_means: K x N; rows of NaN (classes never seen) are left out everywhere.
        within: R_w.
        between: between-class covariance R_b.
        weight: W of the linear scores, K x N.
    """
    seen = class_means.isfinite().all(1)
    means = class_means[seen].double()
    nothing = within.new_full((), torch.nan, dtype=torch.float64)
    if len(means) < 2 or not between.isfinite().all():
        names = ["nc1", "nc2_norms", "nc2_angles", *(["nc3"] if weight is not None else [])]
        return dict.fromkeys(names, nothing)
    centred = means - means.mean(0)
    norms = centred.norm(dim=1)
    found = {
        "nc1": _spread(within.double(), between.double()) / len(means),
        "nc2_norms": norms.std(correction=0) / norms.mean(),
        "nc2_angles": _angle_excess(centred / norms[:, None]),
    }
    if weight is not None:
        scores = weight.detach()[seen].double()
        found["nc3"] = (scores / scores.norm() - centred / centred.norm()).square().sum()
    return found


def _spread(within: Float[Tensor, "dim dim"], between: Float[Tensor, "dim dim"]) -> Float[Tensor, ""]:
    # The means span K − 1 dimensions at most: eigenvalues beyond are rounding errors, not to be inverted.
    return (within @ torch.linalg.pinv(between, hermitian=True, rtol=1e-9)).trace()


def _angle_excess(directions: Float[Tensor, "classes dim"]) -> Float[Tensor, ""]:
    classes = len(directions)
    cosines = directions @ directions.T
    off_diagonal = ~torch.eye(classes, dtype=torch.bool, device=cosines.device)
    return (cosines[off_diagonal] + 1 / (classes - 1)).abs().mean()
