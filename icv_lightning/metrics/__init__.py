"""torchmetrics of embeddings and their classes. They know no trainer."""

from icv_lightning.metrics.accuracy import HighestScoreAccuracy, NearestCentroidAccuracy, nearest_centroid
from icv_lightning.metrics.class_variance import ClassVariance
from icv_lightning.metrics.evaluation import Evaluation
from icv_lightning.metrics.term_means import TermMeans

__all__ = [
    "ClassVariance",
    "Evaluation",
    "HighestScoreAccuracy",
    "NearestCentroidAccuracy",
    "TermMeans",
    "nearest_centroid",
]
