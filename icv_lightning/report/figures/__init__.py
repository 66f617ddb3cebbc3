"""The figures of the report, drawn with Matplotlib alone; the page and the docs show the same files."""

from collections.abc import Iterator

from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.curves import curve_figures, weight_figures
from icv_lightning.report.figures.embeddings import embedding_figures
from icv_lightning.report.figures.spread import covariance_figures, distance_figures
from icv_lightning.report.figures.steps import films, step_figures
from icv_lightning.report.figures.style import Drawing

__all__ = ["Drawing", "all_figures", "films"]


def all_figures(variant: Variant) -> Iterator[Drawing]:
    """Yield figures 1 to 7 of the paper, then those of accuracies, covariance and distances."""
    for kind in (
        embedding_figures, step_figures, curve_figures, covariance_figures, distance_figures, weight_figures
    ):  # fmt: skip
        yield from kind(variant)
