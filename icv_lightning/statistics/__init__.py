"""Variability of a weighted sample and of its classes (section 2.2 of the paper), as pure functions.

Everything is summed in float64 after subtracting means, so it stays exact far from the origin, and is
differentiable in the embeddings. Weights are normalised to probabilities; none means equal ones.
"""

from icv_lightning.statistics.classes import (
    between_class_variance,
    class_means,
    class_priors,
    within_class_variance,
)
from icv_lightning.statistics.covariance import (
    between_class_covariance,
    class_covariance,
    within_class_covariance,
)
from icv_lightning.statistics.neural_collapse import neural_collapse
from icv_lightning.statistics.sample import grand_mean, scatter, variance

__all__ = [
    "between_class_covariance",
    "between_class_variance",
    "class_covariance",
    "class_means",
    "class_priors",
    "grand_mean",
    "neural_collapse",
    "scatter",
    "variance",
    "within_class_covariance",
    "within_class_variance",
]
