"""The measured rows as evidence for claim 12."""

from collections.abc import Mapping
from typing import Any

Rows = list[dict[str, Any]]
CLAIM = 12
PAIRED_BY = ("data", "trained_on", "seed", "normalize", "embedding_dim", "settings", "ways", "shots")
COLUMNS = (  # keys of a run's settings that columns of their own hold
    "data.name", "data.classes", "data.fold", "data.subset",
    "model.embedding_dim", "model.normalize", "loss.lambda",
)  # fmt: skip


def evidence(rows: Rows) -> Rows:
    """Return the evidence on claim 12: accuracy among new classes by Euclidean distance, λ beside λ = 0.

    Two runs are compared where they differ in λ alone; a pair is a choice of classes and a seed. Choices from
    one list of classes share training classes: their `overlap` is that of Nadeau and Bengio (2003).
    """
    chosen = [
        row
        for row in rows
        if row["method"] == "network" and (row["measure"], row["distance"]) == ("among_new", "euclidean")
    ]
    plain = {_pair(row): row["value"] for row in chosen if not row["lambda"]}
    return [
        {
            "claim": CLAIM, "data": row["data"], "cell": _cell(row),
            "seed": f"{row['trained_on']}, {row['seed']}", "ours": row["value"], "other": plain[_pair(row)],
            "overlap": _overlap(row["trained_on"], max(other["ways"] for other in chosen)),
        }
        for row in chosen
        if row["lambda"] and _pair(row) in plain
    ]  # fmt: skip


def _overlap(trained_on: str, new: int) -> float:
    """Return new classes over classes trained on, 0 where these are not listed."""
    classes = trained_on.split()
    return new / len(classes) if classes and all(name.isdigit() for name in classes) else 0.0


def _pair(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in PAIRED_BY)


def _cell(row: Mapping[str, Any]) -> str:
    shape = f"N = {row['embedding_dim']}, {'normalised' if row['normalize'] else 'not normalised'}"
    shape += f", {row['settings']}" if row["settings"] else ""
    return f"{shape}, {row['ways']} new classes from {row['shots']} each, ICV λ {row['lambda']:g} − CE"
