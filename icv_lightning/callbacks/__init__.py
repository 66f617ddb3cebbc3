"""Callbacks: one side effect each; they never change the model."""

from icv_lightning.callbacks.checkpoint import LastCheckpoint
from icv_lightning.callbacks.snapshot import EmbeddingSnapshot

__all__ = ["EmbeddingSnapshot", "LastCheckpoint"]
