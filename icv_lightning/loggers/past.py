"""The primary record read again: the rows of metrics.csv and the pictures of their epochs."""

from collections.abc import Iterator
from pathlib import Path

from icv_lightning.records.metrics_file import read_metrics

FIGURES = "figures"


def picture_path(folder: Path, key: str, epoch: int) -> Path:
    """Return where the picture `key` of an epoch stands in a run's folder."""
    return folder / FIGURES / key / f"epoch_{epoch:03d}.png"


def read_past(folder: Path, before: int) -> Iterator[tuple[int, dict[str, float], dict[str, Path]]]:
    """Yield (epoch, scalars, pictures by key) of the epochs below `before`, in order."""
    figures = folder / FIGURES
    for epoch, row in sorted(read_metrics(folder).items()):
        if epoch < before:
            scalars = {key: float(value) for key, value in row.items() if key not in ("epoch", "step")}
            found = sorted(figures.rglob(f"epoch_{epoch:03d}.png"))
            yield epoch, scalars, {p.parent.relative_to(figures).as_posix(): p for p in found}
