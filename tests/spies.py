"""Callbacks that tests put into runs of other processes, by `+callbacks.spy={_target_: tests.spies.…}`."""

import os
import signal
from pathlib import Path

import lightning as L


class NoteDevices(L.Callback):
    """Write the GPUs that the process sees into the run's folder."""

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        Path(trainer.default_root_dir, "devices.txt").write_text(f"{os.getpid()} {seen}")


class KillOnce(L.Callback):
    """Kill the process at the start of the second epoch of the runs with one λ, the first time each."""

    def __init__(self, at_lambda: float) -> None:
        self.at_lambda = at_lambda

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        folder = Path(trainer.default_root_dir)
        if trainer.current_epoch == 1 and f"-l{self.at_lambda:g}-" in folder.name:
            try:
                (folder / "killed.txt").touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


class NoteEpochs(L.Callback):
    """Note in the run's folder, over all attempts, each fit and each epoch that begins."""

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._note(trainer, "fit")

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._note(trainer, "epoch")

    def _note(self, trainer: L.Trainer, word: str) -> None:
        with Path(trainer.default_root_dir, "noted.txt").open("a") as file:
            file.write(f"{word}\n")


class NoteMemory(L.Callback):
    """Add the process's resident memory, in MB, to a file at the start of every epoch of every cell."""

    def __init__(self, file: str) -> None:
        self.file = file

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        with Path(self.file).open("a") as file:
            file.write(f"{pages * os.sysconf('SC_PAGE_SIZE') / 2**20:.2f}\n")
