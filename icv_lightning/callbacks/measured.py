"""What a run's record says of its embeddings, measured while they are in memory."""

from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import Tensor

from icv_lightning.evaluation.measured import by_epoch, last_epoch
from icv_lightning.module import ClassifierModule
from icv_lightning.records.measured import write_measured
from icv_lightning.records.snapshots import Snapshot


class MeasuredEmbeddings(L.Callback):
    """Log spread and centroid lag after every epoch; after the last one write `<run>/measured.npz`.

    Logged as `train/spacing`, `train/centroid_lag`, `train/tail`, `train/distance_median` and
    `train/distance_p99`, of the fixed part of train. With the file a run's record needs no snapshot.
    """

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Measure and log; write the file after the last epoch."""
        if trainer.sanity_checking:
            return
        assert isinstance(pl_module, ClassifierModule)
        epoch = trainer.current_epoch + 1
        snapshot = _snapshot(epoch, pl_module)
        # as tensors on the host: Lightning would put numbers on the device, and wait for each to log it
        found = {key: torch.tensor(value, dtype=torch.float32) for key, value in by_epoch(snapshot).items()}
        pl_module.log_dict({f"train/{key}": value for key, value in found.items()})
        if trainer.is_global_zero and epoch == trainer.max_epochs:
            write_measured(Path(trainer.default_root_dir), last_epoch(snapshot))


def _snapshot(epoch: int, module: ClassifierModule) -> Snapshot:
    found = {key: _numpy(value) for key, value in module.evaluated().items()}
    return Snapshot(
        epoch, "val" if module.data.has_validation else "test", found["train_embeddings"],
        found["train_target"], found["watched_embeddings"], found["watched_target"], found["watched_preds"],
        np.arange(len(found["watched_target"])), found["centroids"], found["class_means"],
    )  # fmt: skip


def _numpy(values: Tensor) -> np.ndarray:
    return (values.float() if values.is_floating_point() else values).numpy()
