"""What each claim contrasts: cells, margins, weights and labels, by hand."""

import numpy as np
import pytest

from icv_lightning.paper import claims
from icv_lightning.paper.claim_contrasts import margin
from icv_lightning.paper.contrasts import PAPER, Plan
from icv_lightning.records.cells import Cell

CONTRASTS = {claim.number: claim.contrasts for claim in claims.CLAIMS if not claim.part}


@pytest.mark.parametrize(
    ("number", "count"),
    # data x sizes x λ: not normalised 12, both 24; claim 3: 4 of CE and 12 of ICV; 4: shapes; 7: CE too
    [
        (1, 12),
        (2, 24),
        (3, 16),
        (4, 8),
        (5, 0),
        (6, 12),
        (7, 16),
        (8, 12),
        (9, 12),
        (10, 24),
        (11, 0),
        (12, 0),
    ],
)
def test_planned_cells(number, count):
    contrasts = CONTRASTS[number](PAPER)
    assert len(contrasts) == count
    assert len({contrast.label for contrast in contrasts}) == count


def test_rivals_double_the_cells_of_claims_5_and_11():
    plan = PAPER._replace(rivals=["batch_mean", "one_by_one"])
    assert len(CONTRASTS[5](plan)) == len(CONTRASTS[11](plan)) == 48


def test_margins_are_those_fixed_beforehand():
    assert [margin(data) for data in ("mnist", "fashion_mnist", "digits")] == [0.002, 0.005, 0.005]
    margins = {number: {c.margin for c in contrasts(PAPER)} for number, contrasts in CONTRASTS.items()}
    assert margins[1] == margins[4] == margins[6] == margins[8] == {0.0}
    assert margins[2] == margins[7] == margins[9] == {0.002, 0.005}
    assert margins[3] == {0.0, 0.002, 0.005}
    assert margins[10] == {0.05}


def test_differences_have_weights_one_and_minus_one():
    (first, *_) = CONTRASTS[1](PAPER)
    ours, other = Cell("mnist", 0.05, 2, False), Cell("mnist", 0.0, 2, False)
    assert first.terms == ((1.0, ours, 0, ""), (-1.0, other, 0, ""))
    assert first.label == "MNIST, N = 2, not normalised, ICV λ 0.05 − CE"
    (first, *_) = CONTRASTS[8](PAPER)
    assert first.terms[1] == (-1.0, Cell("mnist", 0.0, 2, True), 0, "")
    assert first.label == "MNIST, N = 2, not normalised, ICV λ 0.05 − normalised, CE"


def test_the_trend_is_minus_the_least_squares_slope():
    accuracies = {0.05: 0.97, 0.5: 0.95, 1.0: 0.96}
    contrast = CONTRASTS[4](PAPER)[0]
    slope = np.polyfit(list(accuracies), list(accuracies.values()), 1)[0]
    assert sum(w * accuracies[cell.weight] for w, cell, *_ in contrast.terms) == pytest.approx(-slope)


def test_one_lambda_has_no_trend():
    assert CONTRASTS[4](Plan(["digits"], [2], [0.05])) == []


def test_the_tail_of_cross_entropy_should_be_the_longer():
    ours, other = CONTRASTS[6](PAPER)[0].terms
    assert (ours[0], ours[1].weight, other[0], other[1].weight) == (1.0, 0.0, -1.0, 0.05)
