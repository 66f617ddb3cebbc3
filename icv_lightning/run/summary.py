"""The short table that ends a run in the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROWS = {
    "test/acc": "test accuracy, highest score",
    "test/acc_nearest_centroid": "test accuracy, nearest centroid",
    "test/acc_nearest_class_mean": "test accuracy, nearest class mean",
    "test/loss": "test loss",
    "test/loss_ce": "  cross-entropy",
    "test/loss_var": "  intra-class variance",
    "test/var_within": "test within-class variance",
    "test/var_between": "test between-class variance",
}


def show(results: Mapping[str, Any], folder: Path) -> None:
    """Print accuracies, loss terms, variances, seconds and the folder of a run."""
    cell = results["cell"]
    title = ", ".join(f"{key} {value}" for key, value in cell.items())
    table = Table("measure", "value", title=title, title_justify="left")
    for key, words in ROWS.items():
        value = results["metrics"].get(key)
        table.add_row(words, "-" if value is None else f"{value:.4f}")
    table.add_row("seconds", f"{results['seconds']:.1f}")
    console = Console(soft_wrap=True)
    console.print(table)
    console.print(f"folder: {folder}", highlight=False)
