"""Which seeds judge the paper's claims, written down before these seeds were looked at."""

from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell

# Seed 0 was looked at before the rules were mended: it judges nothing. By precision, which is part of what a
# run is: float32 on CPUs, where three seeds are what can be computed; bf16 on a GPU.
SEEDS: dict[str, tuple[int, ...]] = {"32-true": (1, 2, 3), "bf16-mixed": tuple(range(1, 11))}
OTHERS = (1, 2, 3)


def planned_seeds(cell: Cell, precision: str) -> tuple[int, ...] | None:
    """Return the seeds that judge a cell of the paper's data sets, None where all that there are judge."""
    return SEEDS.get(precision, OTHERS) if cell.data in publication.DATA else None
