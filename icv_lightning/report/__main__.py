"""The command `python -m icv_lightning.report outputs/<name>`."""

import argparse
import sys
from pathlib import Path

from icv_lightning.errors import check_installed
from icv_lightning.terminal.exit_status import run
from icv_lightning.terminal.suggestions import suggest

LIBRARIES = ("bokeh", "jinja2", "matplotlib", "pandas", "PIL", "scipy", "sklearn")


def main() -> None:
    """Write the report and print its tables; exit with 0, 1 (failure), 2 (wrong folder), 130 (stopped)."""
    run(parser(), _report)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.report", description="Tables, figures and page."
    )
    found.add_argument(
        "folder", type=Path, help="folder of a grid, e.g. outputs/paper_grid; the report is written below it"
    )
    found.add_argument("also", type=Path, nargs="*", help="other folders whose runs and evidence count too")
    found.add_argument(
        "--rows", type=_names, default=[], metavar="NAMES", help="what differs in rows, e.g. loss,lambda"
    )
    found.add_argument(
        "--columns", type=_names, default=[], metavar="NAMES", help="what differs in columns, e.g. model"
    )
    found.add_argument(
        "--baseline", type=_values, default={}, metavar="NAME=VALUE",
        help="differences to these settings, paired over seeds, e.g. loss=icv",
    )  # fmt: skip
    return found


def _report(arguments: argparse.Namespace) -> int:
    check_installed(LIBRARIES, "the report needs", "report")
    from rich.console import Console

    from icv_lightning.report.build import write_report
    from icv_lightning.report.sweep import Layout
    from icv_lightning.report.text_tables import rich_table

    folders = [arguments.folder, *arguments.also]
    asked = arguments.rows or arguments.columns or arguments.baseline
    layout = Layout(arguments.rows, arguments.columns, arguments.baseline) if asked else None
    with Console(stderr=True).status("") as status:  # in a terminal alone
        report, grids = write_report(folders, layout, status.update)
    console = Console(width=None if sys.stdout.isatty() else 140)
    for grid in grids:
        console.print(rich_table(grid))
    for name in ("index.html", "explorer.html", "tables", "figures"):
        if (report / name).exists():
            console.print(f"{report / name}", highlight=False, markup=False, soft_wrap=True)
    cell = next((path.parent for path in sorted(folders[0].glob("*/results.json"))), folders[0])
    suggest(
        ("webbrowser", report / "index.html"), ("webbrowser", report / "explorer.html"),
        ("icv_lightning.audit", cell),
    )  # fmt: skip
    return 0


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _values(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _names(text)]
    if not pairs or not all(name and sign and value for name, sign, value in pairs):
        raise argparse.ArgumentTypeError(f"{text}: must be NAME=VALUE, several with commas between")
    return {name: value for name, _, value in pairs}


if __name__ == "__main__":
    main()
