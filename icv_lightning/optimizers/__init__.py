"""Optimizers beside those of torch."""

from icv_lightning.optimizers.sparse_adam import AdamWithSparseRows

__all__ = ["AdamWithSparseRows"]
