"""Callbacks: one side effect each; they never change the model."""

from icv_lightning.callbacks.checkpoint import LastCheckpoint
from icv_lightning.callbacks.finite_loss import FiniteLoss
from icv_lightning.callbacks.gallery import Gallery
from icv_lightning.callbacks.guard_rails import GuardRails
from icv_lightning.callbacks.snapshot import EmbeddingSnapshot
from icv_lightning.callbacks.throughput import Throughput

__all__ = ["EmbeddingSnapshot", "FiniteLoss", "Gallery", "GuardRails", "LastCheckpoint", "Throughput"]
