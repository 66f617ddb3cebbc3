"""What a run's record says of its embeddings, measured while they are in memory."""

from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
from torch import Tensor

from icv_lightning.distributed import joined_batches
from icv_lightning.evaluation.measured import by_epoch, last_epoch
from icv_lightning.module import ClassifierModule
from icv_lightning.records.measured import write_measured
from icv_lightning.records.snapshots import Snapshot


class MeasuredEmbeddings(L.Callback):
    """Log spread and centroid lag after every epoch; after the last one write `<run>/measured.npz`.

    Logged as `train/spacing`, `train/centroid_lag`, `train/tail`, `train/distance_median` and
    `train/distance_p99`, of the fixed part of train. With the file a run's record needs no snapshot.
    """

    def __init__(self) -> None:
        self._seen: list[list[dict[str, Tensor]]] = [[], []]

    def on_validation_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Keep what the module computed."""
        if not trainer.sanity_checking:
            self._seen[dataloader_idx].append({k: v.detach() for k, v in outputs.items()})

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Measure and log; write the file after the last epoch."""
        seen, self._seen = self._seen, [[], []]
        if trainer.sanity_checking:
            return
        epoch = trainer.current_epoch + 1
        snapshot = _snapshot(epoch, pl_module, *(joined_batches(batches) for batches in seen))
        pl_module.log_dict({f"train/{key}": value for key, value in by_epoch(snapshot).items()})
        if trainer.is_global_zero and epoch == trainer.max_epochs:
            write_measured(Path(trainer.default_root_dir), last_epoch(snapshot))


def _snapshot(
    epoch: int, module: L.LightningModule, train: dict[str, Tensor], watched: dict[str, Tensor]
) -> Snapshot:
    assert isinstance(module, ClassifierModule)
    assert module.class_means is not None
    target = _numpy(watched["target"])
    return Snapshot(
        epoch, "val" if module.data.has_validation else "test", _numpy(train["embeddings"]),
        _numpy(train["target"]), _numpy(watched["embeddings"]), target, _numpy(watched["preds"]),
        np.arange(len(target)), _numpy(module.centroids()), _numpy(module.class_means),
    )  # fmt: skip


def _numpy(tensor: Tensor) -> np.ndarray:
    values = tensor.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()
