"""The spectrum of a covariance; the matrices themselves are tested in `test_variability.py`."""

import pytest
import torch

from icv_lightning.variability.covariance import explained


def test_explained_shares():
    assert explained(torch.diag(torch.tensor([1.0, 6.0, 3.0])), 2).tolist() == pytest.approx([0.6, 0.3])
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    assert explained(turn @ torch.diag(torch.tensor([9.0, 1.0])) @ turn.T, 2).tolist() == pytest.approx(
        [0.9, 0.1]
    )
    assert explained(torch.diag(torch.tensor([-1e-9, 1.0])), 2).tolist() == [1.0, 0.0]  # a rounding error
    assert explained(torch.zeros(2, 2), 2).isnan().all()
    for entry in (torch.nan, torch.inf):  # eigenvalues would be those of the lower triangle
        assert explained(torch.tensor([[1.0, entry], [0.0, 1.0]]), 2).isnan().all()
    assert explained(torch.tensor([[torch.nan]]), 2).isnan().tolist() == [True]
    assert explained(torch.full((3, 3), torch.inf), 2).isnan().tolist() == [True, True]
