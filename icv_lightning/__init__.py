"""Image classifiers with tight, well separated classes: intra-class variance with learned centroids.

Everything below loads on first use, so importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "CombinedLoss": "losses",
    "DiscriminantLoss": "losses",
    "IntraClassVarianceLoss": "losses",
    "discriminant": "losses",
    "inter_class_variance": "losses",
    "MetricLearningLoss": "losses",
    "intra_class_variance": "losses",
    "LearnedCentroids": "centroids",
    "BatchMeanCentroids": "centroids",
    "OneByOneCentroids": "centroids",
    "AdamWithSparseRows": "optimizers",
    "HighestScoreAccuracy": "metrics",
    "NearestCentroidAccuracy": "metrics",
    "ClassVariance": "metrics",
    "Retrieval": "metrics",
    "WithinClassCovariance": "metrics",
    "retrieval": "metrics",
    "nearest_centroid": "metrics",
    "between_class_covariance": "statistics",
    "between_class_variance": "statistics",
    "class_covariance": "statistics",
    "class_means": "statistics",
    "class_priors": "statistics",
    "grand_mean": "statistics",
    "neural_collapse": "statistics",
    "scatter": "statistics",
    "variance": "statistics",
    "within_class_covariance": "statistics",
    "within_class_variance": "statistics",
    "ConvNet": "nets",
    "LeNetPP": "nets",
    "NearestCentroidClassifier": "nearest_centroid_classifier",
    "EmbeddingModel": "embedding_model",
    "ClassifierModule": "module",
    "load_checkpoint": "checkpoint",
    "DigitsDataModule": "data",
    "ImageDataModule": "data",
    "ImageFolderDataModule": "data",
    "MNISTDataModule": "data",
    "OmniglotDataModule": "data",
}
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from icv_lightning.centroids import BatchMeanCentroids as BatchMeanCentroids
    from icv_lightning.centroids import LearnedCentroids as LearnedCentroids
    from icv_lightning.centroids import OneByOneCentroids as OneByOneCentroids
    from icv_lightning.checkpoint import load_checkpoint as load_checkpoint
    from icv_lightning.data import DigitsDataModule as DigitsDataModule
    from icv_lightning.data import ImageDataModule as ImageDataModule
    from icv_lightning.data import ImageFolderDataModule as ImageFolderDataModule
    from icv_lightning.data import MNISTDataModule as MNISTDataModule
    from icv_lightning.data import OmniglotDataModule as OmniglotDataModule
    from icv_lightning.embedding_model import EmbeddingModel as EmbeddingModel
    from icv_lightning.losses import CombinedLoss as CombinedLoss
    from icv_lightning.losses import DiscriminantLoss as DiscriminantLoss
    from icv_lightning.losses import IntraClassVarianceLoss as IntraClassVarianceLoss
    from icv_lightning.losses import MetricLearningLoss as MetricLearningLoss
    from icv_lightning.losses import discriminant as discriminant
    from icv_lightning.losses import inter_class_variance as inter_class_variance
    from icv_lightning.losses import intra_class_variance as intra_class_variance
    from icv_lightning.metrics import ClassVariance as ClassVariance
    from icv_lightning.metrics import HighestScoreAccuracy as HighestScoreAccuracy
    from icv_lightning.metrics import NearestCentroidAccuracy as NearestCentroidAccuracy
    from icv_lightning.metrics import Retrieval as Retrieval
    from icv_lightning.metrics import WithinClassCovariance as WithinClassCovariance
    from icv_lightning.metrics import nearest_centroid as nearest_centroid
    from icv_lightning.metrics import retrieval as retrieval
    from icv_lightning.module import ClassifierModule as ClassifierModule
    from icv_lightning.nearest_centroid_classifier import (
        NearestCentroidClassifier as NearestCentroidClassifier,
    )
    from icv_lightning.nets import ConvNet as ConvNet
    from icv_lightning.nets import LeNetPP as LeNetPP
    from icv_lightning.optimizers import AdamWithSparseRows as AdamWithSparseRows
    from icv_lightning.statistics import between_class_covariance as between_class_covariance
    from icv_lightning.statistics import between_class_variance as between_class_variance
    from icv_lightning.statistics import class_covariance as class_covariance
    from icv_lightning.statistics import class_means as class_means
    from icv_lightning.statistics import class_priors as class_priors
    from icv_lightning.statistics import grand_mean as grand_mean
    from icv_lightning.statistics import neural_collapse as neural_collapse
    from icv_lightning.statistics import scatter as scatter
    from icv_lightning.statistics import variance as variance
    from icv_lightning.statistics import within_class_covariance as within_class_covariance
    from icv_lightning.statistics import within_class_variance as within_class_variance


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
