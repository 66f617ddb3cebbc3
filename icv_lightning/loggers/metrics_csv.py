"""metrics.csv: the primary record of a run, one row an epoch."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from icv_lightning.record import replaced

FILE = "metrics.csv"


class MetricsCSV(Logger):
    """Write `<folder>/metrics.csv`: `epoch` counts finished epochs from 1, then a column per logged key.

    What is logged twice for an epoch stands once, the later value (the final test's in the last row).
    What a callback logs without an epoch has no row. The file is replaced atomically; a resumed run keeps
    the rows of the epochs before its own first.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.path = Path(folder) / FILE
        self.rows: dict[int, dict[str, Any]] = {}

    @property
    def name(self) -> str:
        """Return the kind of record."""
        return "csv"

    @property
    def version(self) -> str:
        """Return nothing: the run's folder is the version."""
        return ""

    @property
    def save_dir(self) -> str:
        """Return the run's folder."""
        return str(self.path.parent)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Merge `metrics`, which hold the trainer's own 0-based `epoch`, into their row."""
        if "epoch" not in metrics:
            return
        values = dict(metrics)
        epoch = int(values.pop("epoch"))
        final = all(key.startswith("test/") for key in values)  # then the trainer has counted the last epoch
        if not self.rows:
            self.rows = self._rows_before(epoch + 1)
        epoch += not final
        self.rows.setdefault(epoch, {"epoch": epoch}).update(values, step=step)
        self._write()

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the configuration stands in results.json and .hydra/."""

    def _rows_before(self, epoch: int) -> dict[int, dict[str, Any]]:
        if not self.path.exists():
            return {}
        with self.path.open(newline="") as file:
            rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(file)]
        return {int(row["epoch"]): row for row in rows if int(row["epoch"]) < epoch}

    def _write(self) -> None:
        columns = sorted({key for row in self.rows.values() for key in row} - {"epoch", "step"})
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["epoch", "step", *columns], restval="")
        writer.writeheader()
        writer.writerows(self.rows[epoch] for epoch in sorted(self.rows))
        with replaced(self.path) as file:
            file.write(text.getvalue().encode())
