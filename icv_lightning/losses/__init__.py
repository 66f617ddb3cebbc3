"""Losses: a pure function and a thin module each. They log nothing and know no trainer."""

from icv_lightning.losses.combined import CombinedLoss
from icv_lightning.losses.discriminant import DiscriminantLoss, discriminant, inter_class_variance
from icv_lightning.losses.intra_class_variance import IntraClassVarianceLoss, intra_class_variance
from icv_lightning.losses.metric_learning import MetricLearningLoss

__all__ = [
    "CombinedLoss",
    "DiscriminantLoss",
    "IntraClassVarianceLoss",
    "MetricLearningLoss",
    "discriminant",
    "inter_class_variance",
    "intra_class_variance",
]
