"""`Retrieval` gives what `retrieval` gives, of all batches."""

import inspect

import numpy as np
import pytest
import torch

from icv_lightning.evaluation.retrieval import retrieval
from icv_lightning.metrics import Retrieval


def values(found):
    return {key: value.item() for key, value in found.items()}


def test_at_most_10_000_queries_unless_told():
    assert Retrieval().max_queries == inspect.signature(retrieval).parameters["max_queries"].default == 10_000
    assert Retrieval(max_queries=1).max_queries == 1


def test_kept_embeddings_keep_no_graph():
    metric = Retrieval()
    metric(torch.randn(4, 2, requires_grad=True), torch.tensor([0, 0, 1, 1]))
    assert not any(embeddings.requires_grad for embeddings in metric.embeddings)


def test_metric_is_the_function_under_any_batching():
    rng = np.random.default_rng(5)
    embeddings = torch.from_numpy(rng.normal(size=(50, 2)))
    target = torch.from_numpy(rng.integers(0, 3, 50))
    metric = Retrieval()
    for part in (slice(0, 7), slice(7, 8), slice(8, 50)):
        metric.update(embeddings[part], target[part])
    assert values(metric.compute()) == values(retrieval(embeddings, target))


def test_many_samples_in_bounded_memory(largest_tensor):
    embeddings = torch.rand(3000, 1, generator=torch.Generator().manual_seed(0))
    with largest_tensor as largest:
        retrieval(embeddings, torch.zeros(3000, dtype=torch.long))
    assert largest.numbers <= 2**22 < 3000 * 3000


def test_bad_arguments():
    with pytest.raises(ValueError, match="max_queries must be at least 1, got 0"):
        Retrieval(max_queries=0)
