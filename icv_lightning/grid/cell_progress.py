"""How far a cell of a grid is, read from its folder: the same whichever launcher runs it, and wherever."""

from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from icv_lightning.configuration.identity import Identity
from icv_lightning.records.results import LOCK, RESULTS, place_again, read_results


class CellProgress:
    """How far a cell of a grid is; `look` reads `state`, `epoch` and `results` from its folder anew.

    Args:
        identity: the cell's identity; `paths.run` of its configuration is the folder.
    """

    def __init__(self, identity: Identity) -> None:
        config = identity.config
        self.folder, self.force = Path(config["paths"]["run"]), bool(config["force"])
        self.name, self.hash = self.folder.name, identity.hash
        self.epochs, self.epoch = int(config["trainer"]["max_epochs"]), 0
        self.state, self.results = "waiting", dict[str, Any]()
        self._before = self._stamps()
        self.look()
        if self.state == "completed":
            self.state = "already completed"
        self.at_start = self.epoch

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be expected."""
        return self.well or self.state == "failed"

    @property
    def well(self) -> bool:
        """Whether the results are there."""
        return self.state in ("completed", "already completed", "tried")

    @property
    def alive(self) -> bool:
        """Whether a process works on it."""
        try:
            with FileLock(self.folder / LOCK, blocking=False):
                return False
        except (Timeout, OSError):
            return (self.folder / LOCK).exists()

    def look(self) -> None:
        """Read the folder again, unless the cell has ended."""
        if self.ended:
            return
        results = read_results(self._place()) or {}
        started, written = (a != b for a, b in zip(self._stamps(), self._before, strict=True))
        status = results.get("status") if results.get("config_hash") == self.hash else None
        if status == "completed" and (written or not self.force):
            self.state, self.epoch, self.results = "completed", self.epochs, results
        elif status in ("failed", "tried") and written:
            self.state, self.results = status, results
        elif started:
            self.state = "running"
        if self.state in ("waiting", "running"):
            self.epoch = 0 if self.force and not started else self._rows()

    def _place(self) -> Path:
        """Return where the cell trains, or trained at last."""
        again = place_again(self.folder)
        return again if self.force and again.exists() else self.folder

    def _stamps(self) -> tuple[int, int]:
        """Return when the cell was last started and its results last written."""
        files = (self.folder / ".hydra" / "overrides.yaml", self._place() / RESULTS)
        return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)  # type: ignore[return-value]

    def _rows(self) -> int:
        try:
            return min(self.epochs, max(0, (self._place() / "metrics.csv").read_bytes().count(b"\n") - 1))
        except OSError:
            return 0
