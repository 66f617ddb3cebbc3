"""The primary record read again: the rows of metrics.csv and the pictures of their epochs."""

import csv
from collections.abc import Iterator
from pathlib import Path

METRICS = "metrics.csv"
FIGURES = "figures"


def read_rows(folder: Path) -> dict[int, dict[str, str]]:
    """Return the rows of `<folder>/metrics.csv` by epoch, without empty values; none where there is none."""
    if not (folder / METRICS).exists():
        return {}
    with (folder / METRICS).open(newline="") as file:
        rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(file)]
    return {int(row["epoch"]): row for row in rows}


def picture_path(folder: Path, key: str, epoch: int) -> Path:
    """Return where the picture `key` of an epoch stands in a run's folder."""
    return folder / FIGURES / key / f"epoch_{epoch:03d}.png"


def read_past(folder: Path, before: int) -> Iterator[tuple[int, dict[str, float], dict[str, Path]]]:
    """Yield (epoch, scalars, pictures by key) of the epochs below `before`, in order."""
    figures = folder / FIGURES
    for epoch, row in sorted(read_rows(folder).items()):
        if epoch < before:
            scalars = {key: float(value) for key, value in row.items() if key not in ("epoch", "step")}
            found = sorted(figures.rglob(f"epoch_{epoch:03d}.png"))
            yield epoch, scalars, {p.parent.relative_to(figures).as_posix(): p for p in found}
