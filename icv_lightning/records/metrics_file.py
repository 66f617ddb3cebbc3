"""metrics.csv, the curves of a run: a row an epoch, read whole or refused with the reason."""

import csv
from pathlib import Path

from icv_lightning.errors import UserError, reason

METRICS = "metrics.csv"


def read_metrics(folder: Path) -> dict[int, dict[str, str]]:
    """Return the rows of `<folder>/metrics.csv` by epoch, as text, without empty values; none where it lacks.

    Raises:
        UserError: a file that cannot be read, or holds anything but numbers in columns, one of them `epoch`.
    """
    path = folder / METRICS
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [_checked(row) for row in csv.DictReader(file, strict=True)]
        return {int(row["epoch"]): row for row in rows}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise UserError(f"{path}: not a table of numbers by epoch ({reason(error)})") from error


def _checked(row: dict[str, str]) -> dict[str, str]:
    if None in row or None in row.values():
        raise ValueError(f"a row of another length than the first, {list(row.values())[:3]}")
    for key, text in row.items():
        if text and not _is_number(text):
            raise ValueError(f"{key} is {text[:40]!r}")
    if int(row["epoch"]) < 1:
        raise ValueError(f"epoch is {row['epoch']}")
    return {key: text for key, text in row.items() if text}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
