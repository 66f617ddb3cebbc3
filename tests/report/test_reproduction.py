"""How far runs are from the published values, by intervals of the difference."""

import numpy as np
import pytest

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.reproduction import reproduction
from icv_lightning.report.tables import paper_tables
from tests.report.grid import same, write_run

CELL = Cell("mnist", 0.05, 2, False)
OTHER = Cell("fashion_mnist", 1.0, 2, True)  # published 0.715 and 0.884


def tables_of(grid):
    (variant, *_), _ = grouped(read_runs([grid]))
    return paper_tables(variant)


def test_reproduction_by_intervals_of_the_difference(tmp_path):
    # standard error 0.001 / √3, times 4.302653: half-width 0.0025
    for seed, noise in ((1, -0.001), (2, 0.0), (3, 0.001)):
        write_run(tmp_path, CELL, seed, same(0.974 + noise))  # published 0.972 and 0.986
        write_run(tmp_path, OTHER, seed, same(0.884 + noise))
    found = reproduction(tables_of(tmp_path)[1:])
    assert (found.compared, found.judged, found.equal) == (4, 4, 2)
    assert found.unequal == [
        "Table 1, Fashion-MNIST, N = 2, normalised, ICV λ 1: ours − published +16.65 to +17.15 points"
    ]
    assert found.median == pytest.approx(np.median([0.002, 0.012, 0.169, 0]))
    assert found.text == (
        "4 published values beside ours: median absolute difference 0.70 points. Of 4 with n ≥ 3 seeds, "
        "2 are equal within 1 point (95 % interval of the difference), 1 differ by more, 1 are open."
    )


def test_noise_does_not_make_values_equal(tmp_path):
    for seed, noise in ((1, -0.05), (2, 0.0), (3, 0.05)):
        write_run(tmp_path, OTHER, seed, same(0.884 + noise))
    found = reproduction([tables_of(tmp_path)[2]])
    assert (found.judged, found.equal, found.unequal) == (1, 0, [])


@pytest.mark.parametrize("seeds", [(1,), (1, 2)])
def test_fewer_than_three_seeds_say_nothing_of_equality(tmp_path, seeds):
    for seed in seeds:
        write_run(tmp_path, CELL, seed, same(0.97 + 0.001 * seed))
    found = reproduction(tables_of(tmp_path)[1:])
    assert (found.compared, found.judged, found.unequal) == (2, 0, [])
    assert "Fewer than 3 seeds" in found.text


def test_nothing_published_is_said(tmp_path):
    write_run(tmp_path, Cell("digits", 0.05, 2, False), 0, same(0.9))
    assert reproduction(tables_of(tmp_path)).text == "No published value stands beside these runs."
