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
            rule = "" if row["centroids"] == "learned" else row["centroids"]
            loss = {"": RAW, 0.0: "CE"}.get(row["lambda"], f"ICV λ {row['lambda']}")
            name = ", ".join(filter(None, (loss, rule, row["settings"])))
            found[row["lambda"] != "", row["lambda"], rule, name].append(row)
    return {name: own for (*_, name), own in sorted(found.items(), key=lambda item: item[0])}


def table(rows: Rows) -> str:
    """Return a Markdown table: a line a condition, the mean over folds ± half a 95 % t interval.

    A fold's value is the mean over its seeds. Below, each condition minus CE, paired by fold and seed. Folds
    are counted, not runs: runs of a fold verify the same persons. Folds share training persons, so the
    intervals are too narrow rather than too wide.
    """
    parts = conditions(rows)
    found = {
        name: {key: values(own, key) for key in {row["measure"] for row in own} - {"roc", "accuracy_se"}}
        for name, own in parts.items()
    }
    keys = sorted({key for own in found.values() for key in own})
    lines = [["", *keys], ["---"] * (1 + len(keys))]
    lines += [[name, *(_cell(own.get(key, {})) for key in keys)] for name, own in found.items()]
    for name, own in found.items():
        rival = _cross_entropy(parts[name])
        if name not in (RAW, rival) and rival in found:
            plain = found[rival]
            lines.append([f"{name} − CE", *(_cell(_minus(own.get(k, {}), plain.get(k, {}))) for k in keys)])
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


def _cross_entropy(rows: Rows) -> str:
    """Return the name of the condition that a condition's rows are compared with."""
    return ", ".join(filter(None, ("CE", rows[0]["settings"])))


def _minus(ours: Values, other: Values) -> Values:
    return {key: ours[key] - other[key] for key in ours.keys() & other.keys()}


def _cell(found: Values) -> str:
    if not found:
        return "–"
    interval = t_interval([float(value) for value in by_fold(found).values()])
    return f"{interval.mean:.4f}" + (f" ± {interval.half:.4f}" if interval.n > 1 else "")
