"""Lightning loggers of this package."""

from icv_lightning.loggers.metrics_csv import MetricsCSV

__all__ = ["MetricsCSV"]
