"""The checkpoint that an interrupted run goes on from."""

from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint


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
        self.dirpath = str(Path(trainer.default_root_dir) / "checkpoints")
        super().setup(trainer, pl_module, stage)
