"""Runs as one table for pandas."""

from pathlib import Path
from typing import Any

import pandas as pd

from icv_lightning.records.runs import read_runs
from icv_lightning.records.variants import compared


def load_runs(*folders: str | Path) -> pd.DataFrame:
    """Return a row for each run below `folders` (of grids, e.g. `outputs/mine`), whatever its status.

    Columns: `folder`, `status`, `cause`, the cell (`data`, `lambda`, `embedding_dim`, `normalize`, `seed`),
    `seconds`, the settings by dotted key that differ between runs (`model.name`, `optimizer.lr`, …), and all
    measures of the test by their logged names (`test/acc`, …), missing where a run has not ended.

    Raises:
        UserError: not a folder, or no run in any of them.
    """
    runs = read_runs([Path(folder) for folder in folders])
    settings = pd.DataFrame([shared | own for shared, own in (compared(run.config) for run in runs)])
    differing = [key for key in settings if settings[key].map(repr).nunique() > 1]
    rows: list[dict[str, Any]] = [
        {
            "folder": str(run.folder), "status": run.status, "cause": run.cause or None,
            "data": run.cell.data, "lambda": run.cell.weight, "embedding_dim": run.cell.embedding_dim,
            "normalize": run.cell.normalize, "seed": run.seed, "seconds": run.results.get("seconds"),
        }
        for run in runs
    ]  # fmt: skip
    measures = pd.DataFrame([dict(run.metrics) for run in runs]).astype(float)
    return pd.concat([pd.DataFrame(rows), settings[differing], measures], axis=1)
