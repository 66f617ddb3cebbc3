"""The command `python -m icv_lightning.audit vectors.npz [vectors.npz]`."""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icv_lightning.command_line import number
from icv_lightning.errors import UserError, check_installed
from icv_lightning.terminal.exit_status import run
from icv_lightning.terminal.suggestions import suggest

if TYPE_CHECKING:
    from icv_lightning.audit.audited import Audit
    from icv_lightning.audit.comparison import Comparison

LIBRARIES = ("jinja2", "pandas", "scipy")
FORMATS = ("table", "csv", "latex")


def main() -> None:
    """Write page and audit.json, print the measures; exit with 0, or 2 and a line on what is wrong."""
    run(parser(), _audit)


def _audit(arguments: argparse.Namespace) -> int:
    check_installed(LIBRARIES, "audits need", "report")
    if len(arguments.vectors) > 2:
        raise UserError(f"{len(arguments.vectors)} files of vectors: give one, or two to compare")
    from icv_lightning.audit.comparison import aligned, compare
    from icv_lightning.audit.page import write_page
    from icv_lightning.audit.reading import read_vectors
    from icv_lightning.audit.study import audit
    from icv_lightning.records.csv_files import csv_text
    from icv_lightning.records.files import write_text

    read = [read_vectors(path, arguments.labels) for path in arguments.vectors]
    if len(read) == 2:
        read = list(aligned(*read))
    options = {key: getattr(arguments, key) for key in ("alpha", "max_queries", "draws", "seed")}
    audits = [audit(vectors, **options, progress=partial(_say, vectors.source)) for vectors in read]
    comparison = compare(*audits) if len(audits) == 2 else None
    folder = arguments.out or Path("-".join([path.stem for path in arguments.vectors]) + "-audit")
    content: dict[str, Any] = audits[0].as_json() if comparison is None else {
        "comparison": comparison.as_json(), "audits": [found.as_json() for found in audits]
    }  # fmt: skip
    write_text(folder / "audit.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    for i, found in enumerate(audits):
        name = "suspects.csv" if comparison is None else f"suspects-{i + 1}.csv"
        write_text(folder / name, csv_text(found.suspects) if found.suspects else "")
    write_page(folder / "index.html", audits, comparison)
    _print(arguments.format, audits, comparison)
    print(folder / "index.html", file=sys.stderr)
    given = arguments.vectors
    suggest(
        ("webbrowser", folder / "index.html"),
        ("icv_lightning.audit", *given, "--draws", 10 * arguments.draws),
        ("icv_lightning.audit", given[0], "other.npz"),
    )
    return 0


def _say(source: str, step: str) -> None:
    print(f"{source}: {step}", file=sys.stderr, flush=True)


def _print(form: str, audits: "Sequence[Audit]", comparison: "Comparison | None") -> None:
    from rich.console import Console

    from icv_lightning.audit.page import interval
    from icv_lightning.audit.page import number as shown
    from icv_lightning.records.csv_files import csv_text
    from icv_lightning.report.text_tables import Grid, latex, rich_table

    parts = [(found.source, found.measures) for found in audits]
    parts += [("second less first", comparison.over_pictures)] if comparison else []
    if form == "csv":
        lines = [{"source": source} | m._asdict() for source, measures in parts for m in measures]
        sys.stdout.write(csv_text(lines, digits=6))
        return
    console = Console(width=None if sys.stdout.isatty() else 160)
    heading = ["section", "measure", "value", "95 % interval", "n"]
    for source, measures in parts:
        rows = [[m.section, m.name, shown(m.value), interval(m), str(m.n)] for m in measures]
        if form == "latex":
            print(latex(Grid(f"Audit of {source}", heading, rows)))
        else:
            console.print(rich_table(Grid(source, heading, rows)))
    if form == "table":
        for sentence in comparison.sentences if comparison else []:
            console.print(sentence, markup=False, highlight=False)
        for found in audits:
            for finding in found.sanity:
                console.print(f"{finding.number} {finding.text}", markup=False, highlight=False)
            for sentence in found.sentences:
                console.print(sentence, markup=False, highlight=False)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.audit",
        description="What embeddings are worth, whoever made them; of two, which is better. Writes a page, "
        "audit.json and the likely label errors.",
    )
    found.add_argument(
        "vectors",
        type=Path,
        nargs="+",
        help=".npz, .npy, .csv, .parquet or the folder of a run; two are compared",
    )
    found.add_argument(
        "--labels", type=Path, metavar="FILE", help=".csv or .parquet: file, label[, split, …]"
    )
    found.add_argument("--out", type=Path, metavar="FOLDER", help="default: <name of the vectors>-audit")
    found.add_argument("--format", choices=FORMATS, default="table", help="format of the printed tables")
    found.add_argument(
        "--alpha",
        type=number(float, 1e-6, 1),
        default=0.05,
        help="share of known pictures that may be rejected",
    )
    found.add_argument(
        "--max-queries",
        type=number(int, 1),
        default=100_000,
        help="queries of retrieval (default: 100000)",
    )
    found.add_argument("--draws", type=number(int, 1), default=1000, help="bootstrap samples")
    found.add_argument("--seed", type=number(int, 0), default=0, help="seed of all random draws")
    return found


if __name__ == "__main__":
    main()
