"""Tables of text that other programs write: CSV, TSV, JSON lines and Parquet, in the encodings they use."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from icv_lightning.errors import UserError, one_line

TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".parquet")
SIGNS = ",;\t|"  # between cells
Row = Mapping[str, str]


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table, each a text by the lower-case name of its column.

    Text may be UTF-8 or UTF-16 with or without a mark, else it is read as Windows' Western European.

    Raises:
        UserError: a file that cannot be read so, or without a row.
    """
    try:
        if path.suffix.lower() == ".parquet":
            rows = _parquet(path)
        elif path.suffix.lower() == ".jsonl":
            rows = [json.loads(line) for line in decoded(path.read_bytes()).splitlines() if line.strip()]
        else:
            heading, *lines = split_lines(decoded(path.read_bytes()))
            rows = [dict(zip(heading, line, strict=False)) for line in lines]
        found: list[Row] = [
            {str(key).strip().lower(): _text(value) for key, value in row.items()} for row in rows
        ]
    except (OSError, ValueError, AttributeError, csv.Error) as error:
        raise UserError(f"{path}: not a table that can be read ({one_line(error)})") from error
    if not found:
        raise UserError(f"{path}: has no row below its heading")
    return found


def decoded(content: bytes) -> str:
    """Return the text of a file, in whatever encoding a spreadsheet or editor saved it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def split_lines(text: str) -> list[list[str]]:
    """Return the cells of each line that is not empty, split at the first line's sign; else at spaces."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    sign = max(SIGNS, key=first.count)
    if not first.count(sign):
        return [line.split() for line in lines]
    rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=sign, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in rows]


def column(rows: Sequence[Row], names: Sequence[str]) -> str | None:
    """Return the first of `names` that is a column of the table, None where there is none."""
    return next((name for name in names if name in rows[0]), None)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _parquet(path: Path) -> list[dict[str, object]]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(f"{path}: needs pip install 'icv-lightning[parquet]'") from error
    table = parquet.read_table(path)
    if nested := [field.name for field in table.schema if "struct" in str(field.type)]:
        raise UserError(
            f"{path}: its column {nested[0]} holds pictures themselves; write them to files and name these"
        )
    return table.to_pylist()
