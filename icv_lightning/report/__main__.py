"""The command `python -m icv_lightning.report outputs/<name>`."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from icv_lightning.errors import UserError
from icv_lightning.exit_status import run

LIBRARIES = ("bokeh", "jinja2", "matplotlib", "pandas", "PIL", "scipy", "sklearn")


def main() -> None:
    """Write the report and print its tables; exit with 0, 1 (failure), 2 (wrong folder), 130 (stopped)."""
    parser = argparse.ArgumentParser(
        prog="python -m icv_lightning.report", description="Tables, figures and page."
    )
    parser.add_argument(
        "folder", type=Path, help="of a grid, e.g. outputs/paper_grid; the report goes below it"
    )
    parser.add_argument("also", type=Path, nargs="*", help="other folders whose runs and evidence count too")
    run(parser, _report)


def _report(arguments: argparse.Namespace) -> int:
    if missing := [name for name in LIBRARIES if find_spec(name) is None]:
        raise UserError(
            f"{', '.join(missing)}: not installed; the report needs pip install 'icv-lightning[report]'"
        )
    _write([arguments.folder, *arguments.also])
    return 0


def _write(folders: list[Path]) -> None:
    from rich.console import Console

    from icv_lightning.report.build import write_report
    from icv_lightning.report.text_tables import rich_table

    report, grids = write_report(folders)
    console = Console(width=None if sys.stdout.isatty() else 140)
    for grid in grids:
        console.print(rich_table(grid))
    for name in ("index.html", "explorer.html", "tables", "figures"):
        if (report / name).exists():
            console.print(f"{report / name}", highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
