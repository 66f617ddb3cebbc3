"""Runs grouped by their settings, held against those that the paper states."""

from collections.abc import Iterable

from icv_lightning.paper import publication
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant, group


def is_papers(variant: Variant) -> bool:
    """Tell whether these runs are cells of the paper's tables, with its settings and network."""
    return not variant.departures and not variant.runs.keys().isdisjoint(publication.accuracies())


def grouped(runs: Iterable[Run]) -> tuple[list[Variant], list[Run]]:
    """Return the variants nearest to the paper first, and the runs that stand in none, see `group`."""
    return group(runs, publication.settings(), publication.DATA)
