"""How predictions are written: a table, CSV, or JSON lines."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from icv_lightning.escaping import printable
from icv_lightning.nested import finite
from icv_lightning.records.csv_files import csv_line

COLUMNS = ("file", "class", "probability", "nearest", "distance", "margin", "unknown")
Rows = Iterable[Mapping[str, Any]]


def write_csv(rows: Rows, classes: Sequence[str] = ()) -> None:
    """Write a header and a line a row, six digits; text that a spreadsheet would compute is quoted.

    Args:
        rows: with `probabilities` of `classes`, where there are any.
        classes: classes whose probabilities get a column each.
    """
    sys.stdout.write(csv_line([*COLUMNS, *(f"probability of {name}" for name in classes)]))
    for row in rows:
        values = [_lower(row[key]) for key in COLUMNS]
        sys.stdout.write(csv_line([*values, *row.get("probabilities", {}).values()], digits=6))


def write_json(rows: Rows, classes: Sequence[str] = ()) -> None:
    """Write an object a line; what is not finite (a margin, with one centroid) is null."""
    for row in rows:
        print(json.dumps(finite(row), allow_nan=False))


def write_table(rows: Rows, classes: Sequence[str] = ()) -> None:
    """Write one table when all is known, "unknown" before the nearest class that is too far."""
    shown = [*COLUMNS[:-1], *(f"p({printable(name)})" for name in classes)]
    table = Table(*(Column(Text(name)) for name in shown))
    for found in rows:
        shares = {f"p({printable(name)})": share for name, share in found.get("probabilities", {}).items()}
        row = {key: found[key] for key in COLUMNS} | shares
        cells = {k: printable(v) if isinstance(v, str) else f"{v:.4g}" for k, v in row.items()}
        if row["unknown"]:
            cells["nearest"] = f"unknown ({cells['nearest']})"
        table.add_row(*(Text(cells[key]) for key in shown))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else 1000).print(table)  # a pipe has no width


def _lower(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


WRITERS: Mapping[str, Callable[[Rows, Sequence[str]], None]] = {
    "csv": write_csv,
    "json": write_json,
    "table": write_table,
}
