"""Centroid rules: how class centres live and move."""

from icv_lightning.centroids.learned import LearnedCentroids

__all__ = ["LearnedCentroids"]
