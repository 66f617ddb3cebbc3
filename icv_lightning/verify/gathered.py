"""Measures of many runs side by side, fold by fold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from icv_lightning.escaping import printable
from icv_lightning.inference.intervals import t_interval
from icv_lightning.unseen.gathered import Rows

RAW = "raw pixels"
Values = Mapping[tuple[Any, ...], Any]  # by data, fold and seed


def conditions(rows: Rows, distance: str = "euclidean") -> Mapping[str, Rows]:
    """Return the rows of a distance by what was trained, raw pixels and cross-entropy first."""
    found: dict[tuple[Any, ...], Rows] = defaultdict(list)
    for row in rows:
        if row["distance"] == distance:
            rule = "" if row["centroids"] in ("learned", "") else f", {row['centroids']}"
            name = {"": RAW, 0.0: f"CE{rule}"}.get(row["lambda"], f"ICV λ {row['lambda']}{rule}")
            found[row["lambda"] != "", row["lambda"], rule, name].append(row)
    return {name: own for (*_, name), own in sorted(found.items(), key=lambda item: item[0])}


def table(rows: Rows) -> str:
    """Return a Markdown table: a line a condition, the mean over folds ± half a 95 % t interval.

    A fold's value is the mean over its seeds. Below, each condition minus CE, paired by fold and seed. Folds
    are counted, not runs: runs of a fold verify the same persons. Folds share training persons, so the
    intervals are too narrow rather than too wide.
    """
    found = {
        name: {key: values(own, key) for key in {row["measure"] for row in own} - {"roc", "accuracy_se"}}
        for name, own in conditions(rows).items()
    }
    keys = sorted({key for own in found.values() for key in own})
    lines = [["", *keys], ["---"] * (1 + len(keys))]
    lines += [[name, *(_cell(own.get(key, {})) for key in keys)] for name, own in found.items()]
    plain = found.pop("CE", {})
    found.pop(RAW, None)
    for name, own in found.items() if plain else ():
        pairs = [(own.get(key, {}), plain.get(key, {})) for key in keys]
        gains = [{k: ours[k] - other[k] for k in ours.keys() & other.keys()} for ours, other in pairs]
        lines.append([f"{name} − CE", *map(_cell, gains)])
    return "\n".join("| " + " | ".join(map(printable, line)) + " |" for line in lines) + "\n"


def values(rows: Sequence[Mapping[str, Any]], measure: str) -> Values:
    """Return what was measured under a name, by data, fold and seed."""
    return {(r["data"], r["fold"], r["seed"]): r["value"] for r in rows if r["measure"] == measure}


def by_fold(found: Values) -> dict[tuple[Any, ...], Any]:
    """Return the mean over the seeds of each fold, of numbers or of curves."""
    folds = defaultdict(list)
    for (data, fold, _), value in found.items():
        folds[data, fold].append(value)
    return {key: np.mean(np.array(own, dtype=float), axis=0) for key, own in folds.items()}


def _cell(found: Values) -> str:
    if not found:
        return "–"
    interval = t_interval([float(value) for value in by_fold(found).values()])
    return f"{interval.mean:.4f}" + (f" ± {interval.half:.4f}" if interval.n > 1 else "")
