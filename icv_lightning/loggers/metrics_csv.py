"""metrics.csv, the primary record of a run, one row an epoch; pictures and small tables beside it."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.utilities import rank_zero_only
from PIL.Image import Image

from icv_lightning.loggers.past import FIGURES, picture_path
from icv_lightning.loggers.tracker import Tracker
from icv_lightning.records.csv_files import csv_line
from icv_lightning.records.files import replaced, write_text
from icv_lightning.records.metrics_file import METRICS, read_metrics

TIMINGS = ("train/images_per_second",)  # differs each time, so metrics.csv, which does not, leaves it out


class MetricsCSV(Tracker):
    """Write `<folder>/metrics.csv`: `epoch` counts finished epochs from 1, then a column per logged key.

    What is logged twice for an epoch stands once, the later value (the final test's in the last row).
    What a callback logs without an epoch has no row. The file is replaced atomically; a resumed run keeps
    the rows of the epochs before its own first.
    Pictures go to `<folder>/figures/<key>/epoch_NNN.png`, tables to `<folder>/figures/<key>.csv`.
    """

    kind = "csv"

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        self.rows: dict[int, dict[str, Any]] = {}
        self._past: dict[int, dict[str, str]] = {}

    def start(self, settings: Mapping[str, Any], resumed: bool) -> None:
        """Read the rows of the epochs that a resumed run finished before."""
        self._past = read_metrics(self.folder) if resumed else {}

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Merge `metrics` and `step` into the row of their epoch."""
        if "epoch" not in metrics:
            return
        values, epoch, final = self.placed(metrics)
        if self._past:
            before = epoch + 1 if final else epoch
            self.rows = {e: dict(row) for e, row in self._past.items() if e < before}
            self._past = {}
        row = self.rows.setdefault(epoch, {"epoch": epoch})
        row.update({key: value for key, value in values.items() if key not in TIMINGS}, step=step)
        self._write()

    def log_image(self, key: str, image: Image, epoch: int) -> None:
        """Write a PNG."""
        path = picture_path(self.folder, key, epoch)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as file:
            image.save(file, format="PNG")

    def log_table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], epoch: int) -> None:
        """Write a CSV file."""
        text = "".join(map(csv_line, [columns, *rows]))
        write_text(self.folder / FIGURES / f"{key}.csv", text)

    def _write(self) -> None:
        columns = sorted({key for row in self.rows.values() for key in row} - {"epoch", "step"})
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["epoch", "step", *columns], restval="")
        writer.writeheader()
        writer.writerows(self.rows[epoch] for epoch in sorted(self.rows))
        with replaced(self.folder / METRICS) as file:
            file.write(text.getvalue().encode())
