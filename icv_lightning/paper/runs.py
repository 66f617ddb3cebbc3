"""Runs grouped by their settings, held against those that the paper states."""

from collections.abc import Iterable

from icv_lightning.paper import publication
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant, group


def is_papers(variant: Variant) -> bool:
    """Tell whether these runs are cells of the paper's tables, with its loss and network.

    Other departures, such as fewer epochs, leave the tables in place and are said beside them.
    """
    is_other = any(text.startswith(("model.", "loss.name")) for text in variant.departures)
    return not is_other and not variant.runs.keys().isdisjoint(publication.accuracies())


def grouped(runs: Iterable[Run]) -> tuple[list[Variant], list[Run]]:
    """Return the variants nearest to the paper first, and the runs that stand in none, see `group`."""
    return group(runs, publication.settings(), publication.DATA)
