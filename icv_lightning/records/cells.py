"""The coordinates of the paper's grid, and how they are called in tables and figures."""

import re
from typing import NamedTuple

from icv_lightning.records.data_sets import data_title as data_title

FOLDER = re.compile(
    r"(?P<data>.+)-d(?P<dim>\d+)-(?P<norm>norm|raw)-l(?P<weight>[\d.e+-]+)-.*-s(?P<seed>\d+)-\w{8}"
)


class Cell(NamedTuple):
    """One cell of the grid: data set, weight λ of the variance term, embedding size N, unit length or not."""

    data: str
    weight: float
    embedding_dim: int
    normalize: bool

    @property
    def loss_title(self) -> str:
        """Return `CE` or `ICV λ 0.05`, the names of the paper's losses."""
        return loss_title("icv", self.weight)

    @property
    def title(self) -> str:
        """Return e.g. `MNIST, N = 2, not normalised, ICV λ 0.05`."""
        return (
            f"{data_title(self.data)}, {shape_title(self.embedding_dim, self.normalize)}, {self.loss_title}"
        )


def loss_title(loss: str, weight: float) -> str:
    """Return `CE` or `ICV λ 0.05` for the paper's loss, `discriminant, λ 0.05` for another."""
    if loss == "icv":
        return f"ICV λ {weight:g}" if weight else "CE"
    return f"{loss}, λ {weight:g}"


def norm_title(normalize: bool) -> str:
    """Return `normalised` or `not normalised`."""
    return "normalised" if normalize else "not normalised"


def shape_title(embedding_dim: int, normalize: bool) -> str:
    """Return e.g. `N = 2, not normalised`."""
    return f"N = {embedding_dim}, {norm_title(normalize)}"


def cell_of_folder(name: str) -> tuple[Cell, int] | None:
    """Return cell and seed that a run's folder name tells, None for another kind of folder."""
    if not (found := FOLDER.fullmatch(name)):
        return None
    cell = Cell(found["data"], float(found["weight"]), int(found["dim"]), found["norm"] == "norm")
    return cell, int(found["seed"])
