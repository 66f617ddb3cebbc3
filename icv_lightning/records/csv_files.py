"""CSV of texts that anybody may have chosen: numbers stay numbers, and no spreadsheet computes a text."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from icv_lightning.escaping import spreadsheet

QUOTED = re.compile(r'[",\r\n]')


def csv_line(values: Iterable[Any], digits: int | None = None) -> str:
    """Return one line of CSV, None as an empty cell, floats with `digits` significant digits (None: all)."""
    return ",".join(_cell(value, digits) for value in values) + "\n"


def csv_text(rows: Iterable[Mapping[str, Any]], digits: int | None = None) -> str:
    """Return `rows` as CSV, the first row's keys as heading; a line break alone for none."""
    rows = list(rows)
    heading = list(rows[0]) if rows else []
    lines = [heading, *([row[key] for key in heading] for row in rows)]
    return "".join(csv_line(line, digits) for line in lines)


def _cell(value: Any, digits: int | None) -> str:
    if isinstance(value, str):
        text = spreadsheet(value)
        return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text
    if isinstance(value, float) and digits is not None:
        return f"{value:.{digits}g}"
    return "" if value is None else str(value)
