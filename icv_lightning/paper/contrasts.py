"""Contrasts that judge a claim: weighted sums of cells, over a plan of data sets, sizes and λ."""

from collections.abc import Sequence
from typing import NamedTuple

from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell


class Term(NamedTuple):
    """One cell of a contrast.

    Attributes:
        weight: factor of its value.
        cell: cell of the grid.
        side: which runs, 0 the judged ones, i those of the i-th rival.
        measure: key of the value, empty for the claim's own.
    """

    weight: float
    cell: Cell
    side: int = 0
    measure: str = ""


class Contrast(NamedTuple):
    """A weighted sum of cells that should lie above −margin; `similar`: below +margin too."""

    label: str
    terms: tuple[Term, ...]
    margin: float = 0.0
    similar: bool = False


class Plan(NamedTuple):
    """The cells that claims range over, and the titles of rival centroid rules among the runs.

    Attributes:
        data: names of data sets.
        dims: embedding sizes N.
        weights: λ above 0.
        normalize: which of unit length or not.
        rivals: titles of other centroid rules.
    """

    data: Sequence[str]
    dims: Sequence[int]
    weights: Sequence[float]
    normalize: Sequence[bool] = (False, True)
    rivals: Sequence[str] = ()

    def shapes(self, *normalize: bool) -> list[tuple[str, int, bool]]:
        """Return data set, size and normalisation of all rows with one of `normalize`."""
        return [(d, n, u) for d in self.data for n in self.dims for u in normalize if u in self.normalize]

    def icv(self, *normalize: bool) -> list[Cell]:
        """Return the cells with λ > 0 and one of `normalize`."""
        return [Cell(d, w, n, u) for d, n, u in self.shapes(*normalize) for w in self.weights]


PAPER = Plan(publication.DATA, publication.DIMS, publication.WEIGHTS)


def difference(
    ours: Cell, other: Cell, margin: float = 0.0, similar: bool = False, by: tuple[str, str] = ("", "")
) -> Contrast:
    """Return `ours` − `other`, labelled by what tells them apart.

    Args:
        ours: the cell that is added.
        other: the cell that is subtracted.
        margin: the contrast's margin.
        similar: whether the contrast is of similarity.
        by: measure and words for that of `other`, where it is not the claim's own.
    """
    parts = (
        [] if other.normalize == ours.normalize else ["normalised" if other.normalize else "not normalised"]
    )
    parts += [] if other.weight == ours.weight else [other.loss_title]
    parts += [by[1]] if by[1] else []
    terms = (Term(1.0, ours), Term(-1.0, other, measure=by[0]))
    return Contrast(f"{ours.title} − {', '.join(parts)}", terms, margin, similar)
