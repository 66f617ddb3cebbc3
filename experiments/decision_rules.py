"""`python -m experiments.decision_rules`: the README's picture, from docs/results/paper_grid/tables.csv.

Accuracy on test of the 2-d cells of seed 0: cross-entropy by each distance that costs nothing to try, beside
the variance term by Euclidean distance. One run a value.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

DOCS = Path(__file__).resolve().parents[1] / "docs"
TITLES = {"fashion_mnist": "Fashion-MNIST, N = 2", "mnist": "MNIST, N = 2"}
EUCLID, COSINE, MAHALANOBIS = (
    "acc_nearest_class_mean",
    "acc_cosine",
    "acc_mahalanobis",
)
ROWS = [  # label, λ, normalised, measure; from top to bottom
    ("cross-entropy, Euclid", 0.0, False, EUCLID),
    ("cross-entropy, cosine", 0.0, False, COSINE),
    ("cross-entropy, unit length, Euclid", 0.0, True, EUCLID),
    ("cross-entropy, Mahalanobis", 0.0, False, MAHALANOBIS),
    ("λ = 0.05, Euclid", 0.05, False, EUCLID),
    ("λ = 0.5, Euclid", 0.5, False, EUCLID),
    ("λ = 1, Euclid", 1.0, False, EUCLID),
]


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS / "images" / "decision_rules.png")
    out = parser.parse_args().out
    table = pd.read_csv(DOCS / "results" / "paper_grid" / "tables.csv")
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.2), sharey=True, layout="constrained")
    for panel, data in zip(panels, TITLES, strict=True):
        draw(panel, values(table, data), value(table, data, 0.0, False, "acc"))
        panel.set_title(TITLES[data])
    figure.savefig(out, dpi=100)
    print(f"wrote {out}")


def values(table: pd.DataFrame, data: str) -> dict[str, float]:
    """Return the accuracy of each row of the picture, by its label."""
    return {label: value(table, data, weight, norm, measure) for label, weight, norm, measure in ROWS}


def value(table: pd.DataFrame, data: str, weight: float, normalize: bool, measure: str) -> float:
    """Return one mean of tables.csv, 2-d cells in bf16; ValueError where it holds none or several."""
    bf16 = table.settings.str.contains("bf16") & (table.embedding_dim == 2)
    chosen = (table.data == data) & (table["lambda"] == weight) & (table.normalize == normalize)
    found = table[bf16 & chosen & (table.measure == measure)]["mean"].unique()
    if len(found) != 1:
        raise ValueError(f"tables.csv: {len(found)} values of {measure} for {data}, λ = {weight}, expected 1")
    return float(found[0])


def draw(panel: Axes, found: dict[str, float], scores: float) -> None:
    """Draw a dot a row, its number at the right edge; the dashed line is cross-entropy's highest score."""
    for place, (label, accuracy) in enumerate(found.items()):
        color = "#0072b2" if label.startswith("λ") else "#8a5a00"
        panel.plot(accuracy, place, "o", markersize=9, color=color)
        panel.text(1.02, place, f"{accuracy:.3f}", transform=panel.get_yaxis_transform(), va="center")
    panel.axvline(scores, color="black", linestyle="--", linewidth=1)
    panel.set_yticks(range(len(found)), list(found))
    panel.set_xlim(0.77, 1.0)
    panel.set_xlabel(f"test accuracy; dashed: highest score, {scores:.3f}")
    panel.grid(axis="y", color="#dddddd")
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.yaxis.set_inverted(True)


if __name__ == "__main__":
    main()
