"""Optimizers beside those of torch, parameter groups, and learning-rate schedules."""

from icv_lightning.optimizers.groups import parameter_groups
from icv_lightning.optimizers.schedule import Schedule, one_cycle, restore
from icv_lightning.optimizers.sparse_adam import AdamWithSparseRows

__all__ = ["AdamWithSparseRows", "Schedule", "one_cycle", "parameter_groups", "restore"]
