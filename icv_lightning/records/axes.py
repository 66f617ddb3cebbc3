"""The axes of a grid: the fewest settings whose values tell its runs apart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from icv_lightning.records.data_sets import data_title
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import compared, word

# Keys that are asked first, and how people call them.
TITLES = {
    "data.name": "data",
    "model.name": "model",
    "loss.name": "loss",
    "loss.lambda": "λ",
    "model.embedding_dim": "N",
    "model.normalize": "normalised",
    "centroids.name": "centroids",
    "optimizer.lr": "lr",
    "optimizer.algorithm._target_": "optimizer",
    "data.batch_size": "batch size",
    "trainer.max_epochs": "epochs",
}
SPOKEN = {"lambda": "λ", "embedding_dim": "N", "normalize": "normalised"}  # names in --rows and the like


class Axis(NamedTuple):
    """A setting that differs: its dotted key, what it is called, and its values in order, as text."""

    key: str
    title: str
    values: tuple[str, ...]


def axes_of(runs: Sequence[Run]) -> list[Axis]:
    """Return the axes of a grid: settings that tell apart what those before them do not, the seed left out.

    Names of groups and the paper's coordinates are asked first, then all other keys in their order. What
    follows from others, as a network's widths do from its name, is no axis.
    """
    every = [settings_of(run) for run in runs]
    keys = [*TITLES, *sorted({key for found in every for key in found} - TITLES.keys())]
    axes: list[Axis] = []
    known: list[tuple[str, ...]] = [()] * len(runs)
    for key in keys:
        values = [found.get(key, "–") for found in every]
        told = [(*before, value) for before, value in zip(known, values, strict=True)]
        if len(set(told)) > len(set(known)):
            axes.append(Axis(key, TITLES.get(key, key), tuple(sorted(set(values), key=_order))))
            known = told
    return axes


def settings_of(run: Run) -> dict[str, str]:
    """Return a run's settings as text by dotted key, its place in the grid included."""
    shared, own = compared(run.config)
    return {key: word(value) for key, value in (shared | own).items()} | {
        "data.name": data_title(run.cell.data),
        "loss.lambda": f"{run.cell.weight:g}",
        "model.embedding_dim": str(run.cell.embedding_dim),
        "model.normalize": "yes" if run.cell.normalize else "no",
    }


def place_of(run: Run, axes: Iterable[Axis]) -> tuple[str, ...]:
    """Return a run's values on the axes."""
    settings = settings_of(run)
    return tuple(settings.get(axis.key, "–") for axis in axes)


def label(values: Iterable[str], axes: Iterable[Axis]) -> str:
    """Return e.g. `model lenet_pp, loss icv, λ 0.05`."""
    words = [f"{axis.title} {value}" for axis, value in zip(axes, values, strict=True)]
    return ", ".join(words) or "all runs"


def other_settings(runs: Sequence[Run], known: Iterable[str]) -> dict[str, str]:
    """Return by folder name what tells runs apart beside the keys `known`, e.g. `model lenet_pp`."""
    known = frozenset(known)
    axes = [axis for axis in axes_of(runs) if axis.key not in known]
    return {run.folder.name: label(place_of(run, axes), axes) if axes else "" for run in runs}


def named(name: str, axes: Iterable[Axis]) -> Axis | None:
    """Return the axis of this title, dotted key or other name."""
    return next((axis for axis in axes if SPOKEN.get(name, name) in (axis.title, axis.key)), None)


def _order(value: str) -> tuple[bool, float, str]:
    try:
        return False, float(value), value
    except ValueError:
        return True, 0.0, value


def rank(values: Iterable[str], axes: Iterable[Axis]) -> list[int]:
    """Return where each value stands on its axis, which orders places."""
    return [axis.values.index(value) for axis, value in zip(axes, values, strict=True)]


def by_place(runs: Iterable[Run], axes: Sequence[Axis]) -> Mapping[tuple[str, ...], list[Run]]:
    """Return the runs at each place of the grid, places in order of the axes' values."""
    found: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        found.setdefault(place_of(run, axes), []).append(run)
    return {values: found[values] for values in sorted(found, key=lambda values: rank(values, axes))}
