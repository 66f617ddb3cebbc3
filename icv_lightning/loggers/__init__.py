"""Lightning loggers of this package: the record of a run, in files, W&B and TensorBoard."""

from icv_lightning.loggers.metrics_csv import MetricsCSV
from icv_lightning.loggers.sample import Sample
from icv_lightning.loggers.tensorboard_tracker import TensorBoardTracker
from icv_lightning.loggers.tracker import Tracker, recording
from icv_lightning.loggers.wandb_tracker import WandbTracker

__all__ = ["MetricsCSV", "Sample", "TensorBoardTracker", "Tracker", "WandbTracker", "recording"]
