"""How predictions are written: a table, CSV, or JSON lines."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from icv_lightning.escaping import printable
from icv_lightning.records.csv_files import csv_line

COLUMNS = ("file", "class", "probability", "nearest", "distance", "margin", "unknown")
Rows = Iterable[Mapping[str, Any]]


def write_csv(rows: Rows) -> None:
    """Write a header and a line a row, six digits; text that a spreadsheet would compute is quoted."""
    sys.stdout.write(csv_line(COLUMNS))
    for row in rows:
        sys.stdout.write(csv_line((_lower(row[key]) for key in COLUMNS), digits=6))


def write_json(rows: Rows) -> None:
    """Write an object a line; what is not finite (a margin, with one centroid) is null."""
    for row in rows:
        finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
        print(json.dumps(finite, allow_nan=False))


def write_table(rows: Rows) -> None:
    """Write one table when all is known, "unknown" before the nearest class that is too far."""
    table = Table(*COLUMNS[:-1])
    for row in rows:
        cells = {k: printable(v) if isinstance(v, str) else f"{v:.4g}" for k, v in row.items()}
        if row["unknown"]:
            cells["nearest"] = f"unknown ({cells['nearest']})"
        table.add_row(*(Text(cells[key]) for key in COLUMNS[:-1]))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else 1000).print(table)  # a pipe has no width


def _lower(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


WRITERS: Mapping[str, Callable[[Rows], None]] = {"csv": write_csv, "json": write_json, "table": write_table}
