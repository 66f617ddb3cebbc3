"""Centroids as a parameter: the Hadamard layer of equation 5."""

import math

import pytest
import torch

from icv_lightning.centroids import LearnedCentroids
from icv_lightning.losses import intra_class_variance

EMBEDDINGS = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]])
TARGET = torch.tensor([0, 1, 1])


def test_start_at_zero():
    assert torch.equal(LearnedCentroids(3, 2)(), torch.zeros(3, 2))


def test_normal_start_has_the_asked_deviation_and_follows_the_global_seed():
    torch.manual_seed(0)
    first = LearnedCentroids(100, 100, init="normal", std=0.5)()
    torch.manual_seed(0)
    again = LearnedCentroids(100, 100, init="normal", std=0.5)()
    assert torch.equal(first, again)
    assert first.std().item() == pytest.approx(0.5, rel=0.03)
    assert abs(first.mean().item()) < 0.02


def test_the_one_parameter_is_what_a_call_gives():
    centroids = LearnedCentroids(3, 2)
    (parameter,) = centroids.parameters()
    assert centroids() is parameter
    assert parameter.requires_grad
    assert type(parameter) is torch.nn.Parameter


def test_sparse_centroids_get_a_gradient_of_the_rows_of_the_batch():
    centroids = LearnedCentroids(5, 2, sparse=True)
    intra_class_variance(EMBEDDINGS, centroids(), TARGET).backward()
    gradient = centroids().grad
    assert gradient.is_sparse
    assert gradient.coalesce().indices().tolist() == [[0, 1]]
    dense = LearnedCentroids(5, 2)
    intra_class_variance(EMBEDDINGS, dense(), TARGET).backward()
    torch.testing.assert_close(gradient.to_dense(), dense().grad)


def test_one_step_of_gradient_descent_by_hand():
    centroids = LearnedCentroids(3, 2)
    optimizer = torch.optim.SGD(centroids.parameters(), lr=0.3)
    intra_class_variance(EMBEDDINGS, centroids(), TARGET).backward()
    optimizer.step()
    # from zero, C_k moves by lr · 2/B · Σ z_j of its class; class 2 is absent
    torch.testing.assert_close(centroids().detach(), 0.2 * torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]]))


def test_descent_ends_at_the_class_means():
    torch.manual_seed(0)
    embeddings, target = torch.randn(40, 3) + 5, torch.arange(40) % 4
    centroids = LearnedCentroids(4, 3, init="normal")
    optimizer = torch.optim.SGD(centroids.parameters(), lr=1.0)  # halves the distance each step: n_k = B/4
    for _ in range(40):
        optimizer.zero_grad()
        intra_class_variance(embeddings, centroids(), target).backward()
        optimizer.step()
    means = torch.stack([embeddings[target == k].mean(0) for k in range(4)])
    torch.testing.assert_close(centroids().detach(), means)


def test_update_moves_nothing():
    centroids = LearnedCentroids(3, 2)
    centroids.update(EMBEDDINGS, TARGET)
    assert torch.equal(centroids(), torch.zeros(3, 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "num_classes must be at least 1, got 0"),
        ({"embedding_dim": -1}, "embedding_dim must be at least 1, got -1"),
        ({"init": "ones"}, "init must be 'zeros', 'normal' or 'class_means', got 'ones'"),
        ({"std": 0}, "std must be positive and finite, got 0"),
        ({"std": math.nan}, "std must be positive and finite, got nan"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        LearnedCentroids(**{"num_classes": 3, "embedding_dim": 2} | options)
