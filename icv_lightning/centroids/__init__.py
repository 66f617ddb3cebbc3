"""Centroid rules: how class centres live and move."""

from icv_lightning.centroids.batch_mean import BatchMeanCentroids
from icv_lightning.centroids.learned import LearnedCentroids
from icv_lightning.centroids.one_by_one import OneByOneCentroids
from icv_lightning.centroids.rule import CentroidRule, SparseRows

__all__ = ["BatchMeanCentroids", "CentroidRule", "LearnedCentroids", "OneByOneCentroids", "SparseRows"]
