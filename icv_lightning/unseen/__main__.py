"""The command `python -m icv_lightning.unseen outputs/<name>`."""

import argparse
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from icv_lightning.command_line import add_trust, number, with_trust
from icv_lightning.escaping import printable
from icv_lightning.terminal.exit_status import run


def main() -> None:
    """Measure runs on the classes that they never saw; exit with 0, 1, 2 (wrong input), 130 (stopped)."""
    run(parser(), with_trust(_measure))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.unseen",
        description="Enrol classes that training never saw from a few images each; accuracy and rejection "
        "beside raw pixels, PCA and LDA, into <folder>/unseen/.",
    )
    found.add_argument("folder", type=Path, help="folder of a grid, e.g. outputs/unseen_mnist")
    found.add_argument(
        "--ways", type=_several(0), default=(0,), help="new classes at once; 0: all (default: 0)"
    )
    found.add_argument(
        "--shots",
        type=_several(1),
        default=(1, 5, 20),
        help="enrolled images of each class (default: 1,5,20)",
    )
    found.add_argument("--draws", type=number(int, 1), default=20, help="draws per setting (default: 20)")
    found.add_argument(
        "--images",
        type=number(int, 0),
        default=0,
        help="images per class and part; 0: all (default: 0)",
    )
    found.add_argument("--data-root", help="folder of data sets, if not where the runs found them")
    add_trust(found)
    return found


def _measure(arguments: argparse.Namespace) -> int:
    from icv_lightning.unseen.study import FOLDER, Protocol, evaluate

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    protocol = Protocol(arguments.ways, arguments.shots, arguments.draws, arguments.images)
    _show(evaluate(arguments.folder, protocol, arguments.data_root))
    print(f"{arguments.folder / FOLDER / 'results.csv'}")
    return 0


def _several(low: int) -> Callable[[str], tuple[float, ...]]:
    return lambda text: tuple(map(number(int, low), text.split(",")))


def _show(rows: list[dict[str, Any]]) -> None:
    """Print the means over choices of classes and seeds."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in rows:
        if row["distance"] == "euclidean" and row["measure"] in ("among_new", "among_all_new", "auroc"):
            loss = {"": row["method"], 0.0: "CE"}.get(row["lambda"], f"ICV λ {row['lambda']}")
            shape = f", N = {row['embedding_dim']}" + (", normalised" if row["normalize"] else "")
            shape += f", {row['settings']}" if row["settings"] else ""
            what = f"{row['ways']} from {row['shots']}, {row['measure']}" if row["ways"] else row["measure"]
            groups[row["data"], what, loss + shape].append(row["value"])
    table = Table("data", "measure, Euclidean", "embedding", "runs", "mean")
    for names, values in sorted(groups.items()):
        table.add_row(
            *(Text(printable(name)) for name in names), str(len(values)), f"{sum(values) / len(values):.4f}"
        )
    Console(soft_wrap=True).print(table)


if __name__ == "__main__":
    main()
