"""torchmetrics of embeddings and their classes. They know no trainer."""

from icv_lightning.metrics.accuracy import HighestScoreAccuracy, NearestCentroidAccuracy, nearest_centroid
from icv_lightning.metrics.agreement import Agreement
from icv_lightning.metrics.class_variance import ClassVariance
from icv_lightning.metrics.evaluation import Evaluation
from icv_lightning.metrics.retrieval import Retrieval, retrieval
from icv_lightning.metrics.term_means import TermMeans
from icv_lightning.metrics.within_class_covariance import WithinClassCovariance

__all__ = [
    "Agreement",
    "ClassVariance",
    "Evaluation",
    "HighestScoreAccuracy",
    "NearestCentroidAccuracy",
    "Retrieval",
    "TermMeans",
    "WithinClassCovariance",
    "nearest_centroid",
    "retrieval",
]
