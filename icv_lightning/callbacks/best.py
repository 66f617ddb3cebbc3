"""The checkpoint of the epoch that was best on the validation part."""

from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint


class BestCheckpoint(ModelCheckpoint):
    """Write `<run>/checkpoints/best.ckpt` after an evaluation that is better than all before.

    The final test of the run measures these weights.

    Args:
        monitor: logged key of the validation part, e.g. "val/acc".
        mode: "max" where more is better, or "min".
    """

    def __init__(self, monitor: str = "val/acc", mode: str = "max") -> None:
        super().__init__(
            filename="best", monitor=monitor, mode=mode, save_on_train_epoch_end=False,
            enable_version_counter=False,
        )  # fmt: skip

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Place the file in the run's folder."""
        self.dirpath = str(Path(trainer.default_root_dir) / "checkpoints")
        super().setup(trainer, pl_module, stage)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the best value of an interrupted run, wherever its folder stands now."""
        path = str(Path(str(self.dirpath)) / "best.ckpt")
        scores = list(state_dict["best_k_models"].values())
        best, own = ({path: scores[0]}, path) if scores else ({}, "")
        moved = {"dirpath": self.dirpath, "best_model_path": own, "kth_best_model_path": own}
        super().load_state_dict({**state_dict, **moved, "best_k_models": best})
