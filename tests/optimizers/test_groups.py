"""Parameter groups: what decays, what learns at a rate of its own, what does not learn."""

import pytest
import torch
from torch import nn

from icv_lightning.optimizers import parameter_groups


@pytest.fixture
def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))


def test_weights_decay_and_biases_norms_and_centroids_do_not(network: nn.Sequential) -> None:
    centroids = nn.Parameter(torch.ones(3, 2))
    groups = parameter_groups(network.parameters(), [centroids])
    optimizer = torch.optim.SGD(groups, lr=1.0, weight_decay=0.5)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for group in groups:
        for p in group["params"]:
            p.grad = torch.zeros_like(p)
    optimizer.step()
    for name, p in network.named_parameters():
        expected = 0.5 if name in ("0.weight", "3.weight") else 1.0
        assert torch.equal(p, expected * before[name]), name
    assert torch.equal(centroids, torch.ones(3, 2))


def test_decay_of_everything_on_request(network: nn.Sequential) -> None:
    groups = parameter_groups(network.parameters(), [nn.Parameter(torch.ones(3, 2))], decay_all=True)
    assert all("weight_decay" not in group for group in groups)


def test_centroids_have_a_rate_of_their_own(network: nn.Sequential) -> None:
    groups = parameter_groups(network.parameters(), [nn.Parameter(torch.ones(3, 2))], centroid_lr=0.5)
    assert [group["lr"] for group in torch.optim.Adam(groups, lr=0.1).param_groups] == [0.1, 0.1, 0.5]


def test_each_parameter_that_learns_stands_in_one_group(network: nn.Sequential) -> None:
    network[0].requires_grad_(requires_grad=False)
    groups = parameter_groups(network.parameters(), [])
    found = [id(p) for group in groups for p in group["params"]]
    assert sorted(found) == sorted(id(p) for p in network.parameters() if p.requires_grad)
    assert parameter_groups([], []) == []
