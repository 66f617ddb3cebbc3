"""The checkpoint that an interrupted run goes on from."""

from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from icv_lightning.records.files import replaced


class WholeFiles(TorchCheckpointIO):
    """Write a checkpoint beside its final name, then rename.

    Lightning's own way writes to the system's temporary folder and moves: where that is another file system,
    a kill during the copy leaves half a checkpoint under the final name.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write `checkpoint` to `path`, whole or not at all."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with replaced(Path(path)) as file:
            torch.save(checkpoint, file)


class LastCheckpoint(ModelCheckpoint):
    """Write `<run>/checkpoints/last.ckpt` at the end of every epoch, replacing the one before.

    Nothing is selected: the last epoch counts.
    """

    def __init__(self) -> None:
        super().__init__(
            filename="last", monitor=None, save_on_train_epoch_end=True, enable_version_counter=False
        )

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Place the file in the run's folder."""
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = WholeFiles()
        self.dirpath = str(Path(trainer.default_root_dir) / "checkpoints")
        super().setup(trainer, pl_module, stage)
