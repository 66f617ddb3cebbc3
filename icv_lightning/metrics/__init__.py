"""torchmetrics of embeddings and their classes. They know no trainer."""

from icv_lightning.metrics.class_variance import ClassVariance
from icv_lightning.metrics.evaluation import Evaluation
from icv_lightning.metrics.nearest_centroid import NearestCentroidAccuracy, nearest_centroid
from icv_lightning.metrics.term_means import TermMeans

__all__ = ["ClassVariance", "Evaluation", "NearestCentroidAccuracy", "TermMeans", "nearest_centroid"]
