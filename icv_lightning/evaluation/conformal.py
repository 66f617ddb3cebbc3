"""A threshold of rejection with a guarantee for finite samples: split conformal prediction."""

from math import ceil
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Threshold(NamedTuple):
    """A threshold of rejection by split conformal prediction.

    Attributes:
        value: a greater distance is rejected; infinite where n is too small for `alpha`.
        alpha: at most this share of further known embeddings is rejected.
        n: how many known embeddings it was set on.
    """

    value: float
    alpha: float
    n: int


def conformal_threshold(distances: Float[np.ndarray, " calibration"], alpha: float) -> Threshold:
    """Return the threshold that a further embedding of a known class exceeds with probability at most alpha.

    It is the ⌈(n + 1)(1 − alpha)⌉-th smallest of n distances (Vovk, Gammerman and Shafer 2005). The promise
    is for embeddings that are exchangeable with these, whatever their distribution, on average over such
    sets of n; it says nothing of one class alone. The least alpha that n can promise is 1/(n + 1).

    Raises:
        ValueError: alpha outside (0, 1), or no distances.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be in (0, 1), got {alpha}")
    n = len(distances)
    if not n:
        raise ValueError("distances must hold at least one")
    rank = ceil(round((n + 1) * (1 - alpha), 9))
    value = float(np.sort(distances)[rank - 1]) if rank <= n else float("inf")
    return Threshold(value, alpha, n)


def promised(rate: float, n: int) -> float:
    """Return the share of further known embeddings that n can promise to reject at most: `rate`, if any."""
    return max(rate, 1 / (n + 1))
