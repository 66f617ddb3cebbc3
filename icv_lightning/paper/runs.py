"""Runs grouped by their settings, held against those that the paper states."""

from collections.abc import Iterable

from icv_lightning.paper import publication
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant, group


def grouped(runs: Iterable[Run]) -> tuple[list[Variant], list[Run]]:
    """Return the variants nearest to the paper first, and the runs that stand in none, see `group`."""
    return group(runs, publication.settings(), publication.DATA)
