"""Embeddings of every epoch on disk, for figures and for the page where they tighten."""

from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
from torch import Tensor

from icv_lightning.data.images import InMemoryImages
from icv_lightning.module import ClassifierModule
from icv_lightning.records.files import replaced

KEPT = (  # of the fixed part of train, and of the watched part
    ("train_embeddings", "train_target"), ("watched_embeddings", "watched_target", "watched_preds"),
)  # fmt: skip


class EmbeddingSnapshot(L.Callback):
    """Write `<run>/embeddings/epoch_NNN.npz` after an epoch's evaluation, epochs counted from 1.

    It holds `{train,test}_{embeddings,target,index}` (`val_…` in place of `test_…` where there is a
    validation part), `test_preds`, `centroids`, `class_means`; `train` is the fixed part of train and
    `index` the position in the official part. The pictures themselves stand once, for all runs beside
    this one, in `<run>/../images-<data>.npz`.

    Args:
        every: epochs between snapshots, at least 1; the last epoch always has one.

    Raises:
        ValueError: `every` below 1.
    """

    def __init__(self, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.every = every

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the pictures, unless a run beside this one has."""
        path = Path(trainer.default_root_dir).parent / f"images-{trainer.datamodule.name}.npz"  # type: ignore[attr-defined]
        if trainer.is_global_zero and not path.exists():
            arrays: dict[str, Any] = {"class_names": np.array(trainer.datamodule.class_names)}  # type: ignore[attr-defined]
            for name, part in _parts(trainer).items():
                arrays |= {
                    f"{name}_images": part.images[part.index].numpy(),
                    f"{name}_index": part.index.numpy(),
                }
            with replaced(path) as file:
                np.savez_compressed(file, **arrays)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the snapshot."""
        if not self._due(trainer):
            return
        assert isinstance(pl_module, ClassifierModule)
        found = {key: _numpy(value) for key, value in pl_module.evaluated().items()}
        if not trainer.is_global_zero:
            return
        arrays: dict[str, Any] = {key: found[key] for key in ("centroids", "class_means")}
        for (name, part), kept in zip(_parts(trainer).items(), KEPT, strict=True):
            arrays |= {f"{name}_{key.partition('_')[2]}": found[key] for key in kept}
            arrays[f"{name}_index"] = part.index.numpy()
        folder = Path(trainer.default_root_dir) / "embeddings"
        folder.mkdir(exist_ok=True)
        with replaced(folder / f"epoch_{trainer.current_epoch + 1:03d}.npz") as file:
            np.savez(file, **arrays)

    def _due(self, trainer: L.Trainer) -> bool:
        epoch = trainer.current_epoch + 1
        return epoch % self.every == 0 or epoch == trainer.max_epochs


def _parts(trainer: L.Trainer) -> dict[str, InMemoryImages]:
    data: Any = trainer.datamodule  # type: ignore[attr-defined]
    watched = {"val": data.val_part} if data.has_validation else {"test": data.test_part}
    return {"train": data.monitor_part, **watched}


def _numpy(values: Tensor) -> np.ndarray:
    return (values.float() if values.is_floating_point() else values).numpy()
