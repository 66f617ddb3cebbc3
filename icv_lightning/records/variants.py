"""Which runs may stand in one table: equal settings, but for the grid's coordinates and the seed."""

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from icv_lightning.declarations.choices import described
from icv_lightning.declarations.settings import SETTINGS, declared, has_effect
from icv_lightning.escaping import printable
from icv_lightning.nested import ABSENT, leaves, plain, select
from icv_lightning.records.cells import Cell, loss_title
from icv_lightning.records.runs import Run

# Settings that are the coordinates themselves, follow from the data set, or cannot change a result.
COORDINATES = {"model.embedding_dim", "model.normalize", "loss.lambda"}
DERIVED = set("embedding_dim num_classes channels image_size normalize normalized weight seed".split())  # noqa: SIM905
OF_DATA = {"data._target_", "data.name", "data.folder"}
QUIET_TRAINER = (
    "_target_", "accelerator", "devices", "num_nodes", "strategy", "deterministic", "benchmark", "logger",
    "num_sanity_val_steps", "log_every_n_steps", "enable_model_summary", "enable_progress_bar",
    "enable_checkpointing", "check_val_every_n_epoch", "use_distributed_sampler",
)  # fmt: skip
QUIET = {"data.monitor_size", *(f"trainer.{key}" for key in QUIET_TRAINER)}
PLAIN_TRAINER = {"trainer.max_epochs", "trainer.precision"}  # any other key departs from the paper
UNSTATED = {"trainer.precision": "32-true"}  # not in the paper: no departure, but said where it is not this


@dataclass(frozen=True)
class Variant:
    """Runs of equal settings.

    Attributes:
        settings: dotted key to value, without the grid's coordinates.
        departures: settings that are not those of the paper, in words.
        differences: settings that are not those of the leading variant, in words.
        runs: one run by cell and seed.
        first: names of data sets that come before all others, all of them where one has runs.
    """

    settings: Mapping[str, Any]
    departures: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    runs: Mapping[Cell, Mapping[int, Run]] = field(default_factory=dict)
    first: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Say what these runs are, in a line."""
        stated = "; ".join(self.departures) if self.departures else ""
        first = f"not the paper's settings: {stated}" if stated else "the settings that the paper states"
        notes = [
            f"{key}={word(self.settings[key])}"
            for key, usual in UNSTATED.items()
            if self.settings.get(key, usual) != usual
        ]
        first = "; ".join([first, *notes])
        other = [text for text in self.differences if text.split(" ")[0] not in first]
        return f"{first}; beside the first: {', '.join(other)}" if other else first

    def loss_title(self, weight: float) -> str:
        """Return how the loss of these runs is called at this λ."""
        return loss_title(str(self.settings.get("loss.name", "icv")), weight)

    @property
    def seeds(self) -> list[int]:
        """Return the seeds that there are."""
        return sorted({seed for by_seed in self.runs.values() for seed in by_seed})

    @property
    def all_runs(self) -> list[Run]:
        """Return the runs in order of cell and seed."""
        return [run for by_seed in self.runs.values() for run in by_seed.values()]

    def values(self, cell: Cell, measure: str) -> dict[int, float]:
        """Return the final test value of `measure` by seed, of the completed runs that have it."""
        found = {seed: run.value(measure) for seed, run in self.runs.get(cell, {}).items()}
        return {seed: value for seed, value in found.items() if value is not None}

    def data_sets(self) -> list[str]:
        """Return the names of the data sets, those of `first` before all others."""
        found = {cell.data for cell in self.runs}
        own = list(self.first) if found & set(self.first) else []
        return own + sorted(found - set(own))


def group(
    runs: Iterable[Run], stated: Mapping[str, Any] = MappingProxyType({}), first: tuple[str, ...] = ()
) -> tuple[list[Variant], list[Run]]:
    """Return the variants, leading one first, and the runs that stand in none.

    The leading variant has completed runs, then the fewest departures from the settings `stated` by a paper,
    then the most completed runs.
    A run stands in none where its settings are unknown, or another has the same settings, cell and seed.

    Args:
        runs: runs of a grid.
        stated: settings by dotted key that variants are held against.
        first: names of data sets that come before all others.
    """
    members: dict[str, dict[Cell, dict[int, Run]]] = defaultdict(lambda: defaultdict(dict))
    settings: dict[str, dict[str, Any]] = {}
    of_data: dict[tuple[str, str], dict[str, Any]] = {}  # what only this data set has, by key and its name
    aside = []
    for run in sorted(runs, key=lambda run: run.status != "completed"):
        if not run.config:
            aside.append(run)
            continue
        shared, own = compared(run.config)
        key = json.dumps(shared, sort_keys=True, default=str)
        while of_data.setdefault((key, run.cell.data), own) != own:
            key += "'"
        settings[key] = settings.get(key, shared) | own
        if run.seed in members[key][run.cell]:
            aside.append(run)
        else:
            members[key][run.cell][run.seed] = run
    found = [(settings[key], members[key]) for key in members]
    return [dataclasses.replace(variant, first=first) for variant in _ordered(found, stated)], aside


def _ordered(
    found: Sequence[tuple[dict[str, Any], dict[Cell, dict[int, Run]]]], stated: Mapping[str, Any]
) -> list[Variant]:
    def rank(item: tuple[dict[str, Any], dict[Cell, dict[int, Run]]]) -> tuple[bool, int, int]:
        statuses = Counter(run.status for by_seed in item[1].values() for run in by_seed.values())
        return not statuses["completed"], len(departures(item[0], stated)), -statuses["completed"]

    ranked = sorted(found, key=rank)
    return [
        Variant(own, tuple(departures(own, stated)), tuple(differences(own, ranked[0][0])), _sorted(runs))
        for own, runs in ranked
    ]


def departures(settings: Mapping[str, Any], stated: Mapping[str, Any]) -> list[str]:
    """Say where `settings` are not what the paper states, e.g. `trainer.max_epochs=3 (paper: 20)`."""
    unlike = [
        f"{key}={word(settings[key])} ({'its grid' if key[:6] == 'model.' else 'paper'}: {word(value)})"
        for key, value in stated.items()
        if key in settings and settings[key] != value
    ]
    extra = [
        f"{key}={word(value)}"
        for key, value in settings.items()
        if (key in SETTINGS and SETTINGS[key].neutral is not ABSENT)
        or (key.startswith("trainer.") and key not in PLAIN_TRAINER and value is not None)
    ]
    return unlike + extra


def differences(settings: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    """Say where `settings` differ from `others`."""
    keys = sorted(settings.keys() | others.keys())
    return [f"{key}={word(settings.get(key))}" for key in keys if settings.get(key) != others.get(key)]


def compared(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what tells one variant from another, by dotted key: of any run, and of its data set alone."""
    known = declared(described(config))
    rate = select(config, "optimizer.lr", None)
    shared, own = dict[str, Any](), dict[str, Any]()
    for key, value in leaves(config):
        parts = key.split(".")
        if key in COORDINATES | OF_DATA | QUIET or (parts[-1] in DERIVED and parts[1:]):
            continue
        if not has_effect(key, known) or (key in known and known[key].is_neutral(plain(value))):
            continue  # as if the key were not there
        same = key == "optimizer.centroid_lr" and value == rate
        special = key in known and key not in SETTINGS and parts[0] == "data"
        (own if special else shared)[key] = None if same else plain(value)
    return shared, own


def _sorted(runs: Mapping[Cell, Mapping[int, Run]]) -> dict[Cell, dict[int, Run]]:
    return {cell: dict(sorted(runs[cell].items())) for cell in sorted(runs)}


def word(value: Any) -> str:
    """Return a setting as text."""
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float) else printable(str(value))
