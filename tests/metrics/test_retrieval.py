import inspect
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from icv_lightning.metrics import Retrieval, retrieval


def by_definition(embeddings, target, queries=None):
    """Each query walks down its list of neighbours; foreigners go first among equals."""
    x, y = embeddings.double().numpy(), target.numpy()
    recall, r_precision, map_at_r = [], [], []
    for q in range(len(y)) if queries is None else queries:
        others = [i for i in range(len(y)) if i != q]
        r = sum(y[i] == y[q] for i in others)
        if r == 0:
            continue
        others.sort(key=lambda i: (float(((x[i] - x[q]) ** 2).sum()), y[i] == y[q]))
        hits = [bool(y[i] == y[q]) for i in others[:r]]
        recall.append(hits[0])
        r_precision.append(sum(hits) / r)
        map_at_r.append(sum(hits[i] * sum(hits[: i + 1]) / (i + 1) for i in range(r)) / r)
    return {
        "recall_at_1": np.mean(recall),
        "r_precision": np.mean(r_precision),
        "map_at_r": np.mean(map_at_r),
    }


def values(found):
    return {key: value.item() for key, value in found.items()}


def test_worked_example():
    embeddings = torch.tensor([[0.0], [1.0], [3.0], [2.2]])
    target = torch.tensor([0, 0, 0, 1])
    # R = 2. From 0: own, other; from 1: own, other; from 3: other, own. From 2.2: alone, left out.
    assert values(retrieval(embeddings, target)) == pytest.approx(
        {"recall_at_1": 2 / 3, "r_precision": 1 / 2, "map_at_r": (1 / 2 + 1 / 2 + 1 / 4) / 3}
    )


@given(st.integers(2, 40), st.integers(1, 3), st.integers(1, 5), st.integers(0, 10**6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_against_the_definition(size, dim, classes, seed, coarse):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 3, (size, dim)).astype(float) if coarse else rng.normal(size=(size, dim))
    target = torch.from_numpy(rng.integers(0, classes, size))
    if target.bincount().max() < 2:
        target[:2] = 0
    embeddings = torch.from_numpy(points)
    assert values(retrieval(embeddings, target)) == pytest.approx(by_definition(embeddings, target))


@pytest.mark.parametrize("block", [1, 700, 2**22])
def test_blocks_change_nothing_and_many_dimensions_agree_with_scikit_learn(monkeypatch, block):
    monkeypatch.setattr(sys.modules[Retrieval.__module__], "BLOCK", block)
    rng = np.random.default_rng(3)
    target = torch.from_numpy(rng.integers(0, 4, 120))
    embeddings = torch.from_numpy(rng.normal(size=(120, 20)) + target.numpy()[:, None] * 0.4 + 1e7)
    found = values(retrieval(embeddings, target))
    tree = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(embeddings.numpy())
    nearest = tree.kneighbors(return_distance=False)
    assert found["recall_at_1"] == pytest.approx((target.numpy()[nearest[:, 0]] == target.numpy()).mean())
    assert found == pytest.approx(by_definition(embeddings, target))


def test_limited_queries_are_evenly_spaced():
    rng = np.random.default_rng(4)
    target = torch.from_numpy(rng.integers(0, 3, 41))
    embeddings = torch.from_numpy(rng.normal(size=(41, 2)))
    expected = by_definition(embeddings, target, queries=range(0, 41, 10))
    assert values(retrieval(embeddings, target, max_queries=5)) == pytest.approx(expected)


def test_positions_of_limited_queries_are_rounded():
    rng = np.random.default_rng(4)
    target = torch.from_numpy(rng.integers(0, 3, 40))
    embeddings = torch.from_numpy(rng.normal(size=(40, 2)))
    for positions in ([0], [0, 10, 20, 29, 39]):  # 9.75, 19.5 to the even neighbour, 29.25
        expected = by_definition(embeddings, target, queries=positions)
        assert values(retrieval(embeddings, target, max_queries=len(positions))) == pytest.approx(expected)


def test_at_most_10_000_queries_unless_told():
    assert Retrieval().max_queries == inspect.signature(retrieval).parameters["max_queries"].default == 10_000
    assert Retrieval(max_queries=1).max_queries == 1


def test_many_samples_in_bounded_memory(largest_tensor):
    embeddings = torch.rand(3000, 1, generator=torch.Generator().manual_seed(0))
    with largest_tensor as largest:
        retrieval(embeddings, torch.zeros(3000, dtype=torch.long))
    assert largest.numbers <= 2**22 < 3000 * 3000


@pytest.mark.parametrize("dim", [2, 16, 17])
def test_far_from_the_origin_nothing_is_lost(dim):
    rng = np.random.default_rng(6)
    target = torch.from_numpy(rng.integers(0, 4, 60))
    embeddings = torch.from_numpy(rng.integers(-8, 8, (60, dim)) / 8 + 2.0**26)
    assert values(retrieval(embeddings, target)) == pytest.approx(by_definition(embeddings, target))


def test_many_equal_distances_in_as_many_dimensions_as_are_exact():
    rng = np.random.default_rng(7)
    target = torch.from_numpy(rng.integers(0, 4, 60))
    embeddings = torch.from_numpy(rng.integers(0, 2, (60, 16))).double()  # squared distances 0 to 16
    assert values(retrieval(embeddings, target)) == pytest.approx(by_definition(embeddings, target))


def test_kept_embeddings_keep_no_graph():
    metric = Retrieval()
    metric(torch.randn(4, 2, requires_grad=True), torch.tensor([0, 0, 1, 1]))
    assert not any(embeddings.requires_grad for embeddings in metric.embeddings)


def test_values_are_float64_without_gradient():
    embeddings, target = torch.randn(20, 2, requires_grad=True), torch.arange(20) % 3
    for value in retrieval(embeddings, target).values():
        assert value.dtype == torch.float64
        assert not value.requires_grad


def test_perfect_collapsed_lonely_and_empty():
    target = torch.arange(4).repeat(5)
    assert set(values(retrieval(target[:, None].float(), target)).values()) == {1.0}
    assert set(values(retrieval(torch.ones(20, 2), target)).values()) == {
        0.0
    }  # equal distances count against
    assert set(values(retrieval(torch.ones(20, 2), torch.zeros(20, dtype=torch.long))).values()) == {1.0}
    assert all(v.isnan() for v in retrieval(torch.randn(3, 2), torch.arange(3)).values())
    assert all(v.isnan() for v in retrieval(torch.empty(0, 2), torch.empty(0, dtype=torch.long)).values())


def test_metric_is_the_function_under_any_batching():
    rng = np.random.default_rng(5)
    embeddings = torch.from_numpy(rng.normal(size=(50, 2)))
    target = torch.from_numpy(rng.integers(0, 3, 50))
    metric = Retrieval()
    for part in (slice(0, 7), slice(7, 8), slice(8, 50)):
        metric.update(embeddings[part], target[part])
    assert values(metric.compute()) == values(retrieval(embeddings, target))


def test_bad_arguments():
    with pytest.raises(ValueError, match="max_queries must be at least 1, got 0"):
        Retrieval(max_queries=0)
    with pytest.raises(ValueError, match="max_queries must be at least 1, got 0"):
        retrieval(torch.zeros(2, 2), torch.zeros(2, dtype=torch.long), max_queries=0)
