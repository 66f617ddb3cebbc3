"""The short table that ends a run in the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from icv_lightning.records.results import number
from icv_lightning.terminal.suggestions import suggest

ROWS = {
    "test/acc": "test accuracy, highest score",
    "test/acc_nearest_centroid": "test accuracy, nearest centroid",
    "test/acc_nearest_class_mean": "test accuracy, nearest class mean",
    "test/acc_macro": "test accuracy, mean of the classes",
    "test/f1_macro": "test F1, mean of the classes",
    "test/loss": "test loss",
    "test/loss_ce": "  cross-entropy",
    "test/loss_var": "  intra-class variance",
    "test/var_within": "test within-class variance",
    "test/var_between": "test between-class variance",
}


def show(results: Mapping[str, Any], folder: Path) -> None:
    """Print accuracies, loss terms, variances, seconds and the folder of a run."""
    title = ", ".join(f"{key} {value}" for key, value in (results.get("cell") or {}).items())
    table = Table("measure", "value", title=title, title_justify="left")
    for key, words in ROWS.items():
        table.add_row(words, number((results.get("metrics") or {}).get(key), 4))
    table.add_row("seconds", number(results.get("seconds"), 1))
    console = Console(soft_wrap=True)
    console.print(table)
    if results.get("weights") == "best":
        console.print(f"weights: best, of epoch {results.get('weights_epoch')}", highlight=False)
    if results.get("status") == "tried":
        console.print(f"tried, not completed: {results.get('cause')}", highlight=False)
    console.print(f"folder: {folder}", highlight=False)
    if results.get("status") == "completed":
        seed = int((results.get("cell") or {}).get("seed", 0)) + 1
        suggest(
            ("icv_lightning.report", folder.parent),
            ("icv_lightning.predict", "--checkpoint", folder, "pictures/"),
            ("icv_lightning.run", "--like", folder, f"seed={seed}"),
        )
