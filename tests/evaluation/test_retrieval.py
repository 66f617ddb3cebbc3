"""`retrieval` against its definition, scikit-learn and pytorch-metric-learning."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from sklearn.neighbors import NearestNeighbors

from icv_lightning.evaluation.retrieval import query_values, retrieval


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
    monkeypatch.setattr("icv_lightning.evaluation.retrieval.BLOCK", block)
    monkeypatch.setattr("icv_lightning.evaluation.retrieval.COLUMNS", min(block, 70))
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


def test_bad_arguments():
    with pytest.raises(ValueError, match="max_queries must be at least 1, got 0"):
        retrieval(torch.zeros(2, 2), torch.zeros(2, dtype=torch.long), max_queries=0)


def nearest(query, k, reference, ref_includes_query):
    """In float64; theirs are in float32, where near-equal distances change places."""
    gaps = (query[:, None].double() - reference.double()).square().sum(2)
    if ref_includes_query:
        gaps.fill_diagonal_(torch.inf)
    return gaps.topk(k, largest=False)


def theirs(queries, target, gallery=None, gallery_target=None):
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r"),
        k="max_bin_count",
        knn_func=nearest,
    )
    found = calculator.get_accuracy(queries, target, gallery, gallery_target)
    names = {"precision_at_1": "recall_at_1", "mean_average_precision_at_r": "map_at_r"}
    return {names.get(key, key): value for key, value in found.items()}


@pytest.mark.parametrize("dim", [3, 24])
def test_against_pytorch_metric_learning(dim):
    generator = torch.Generator().manual_seed(dim)
    target = torch.randint(0, 9, (300,), generator=generator)
    x = torch.randn(300, dim, generator=generator) + 0.3 * target[:, None]  # float32, as theirs
    assert values(retrieval(x, target)) == pytest.approx(theirs(x, target))
    parts = (x[:90], target[:90]), (x[90:], target[90:])
    found = values(retrieval(*parts[0], gallery=parts[1]))
    assert found == pytest.approx(theirs(*parts[0], *parts[1]))


@pytest.mark.parametrize("dim", [2, 20])
def test_recall_at_k_by_brute_force(dim):
    rng = np.random.default_rng(dim)
    target = rng.integers(0, 12, 90)
    x = rng.integers(0, 4, (90, dim)).astype(float)  # many equal distances
    gaps = ((x[:, None] - x) ** 2).sum(2)
    np.fill_diagonal(gaps, np.inf)
    own = np.where(target[:, None] == target, gaps, np.inf).min(1)
    strangers_before = ((target[:, None] != target) & (gaps <= own[:, None])).sum(1)
    found = retrieval(torch.from_numpy(x), torch.from_numpy(target), ks=(1, 5, 10, 89))
    for k in (1, 5, 10, 89):
        assert found[f"recall_at_{k}"].item() == pytest.approx((strangers_before < k).mean())


def test_queries_whose_class_the_gallery_lacks_are_left_out():
    x, target = torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([0, 3, 1])
    gallery = (torch.tensor([[0.5], [0.1], [6.0]]), torch.tensor([1, 0, 1]))
    found = query_values(x, target, gallery=gallery)
    assert found["query"].tolist() == [0, 2]
    assert found["recall_at_1"].tolist() == [1, 1]
    assert found["r_precision"].tolist() == [1, 1 / 2 + 1 / 2]


def test_float32_is_computed_as_float64():
    """Two tight clusters far from each other: in float32, expanded products lose what is within them."""
    rng = np.random.default_rng(8)
    target = torch.from_numpy(np.arange(80) % 4)
    x = torch.from_numpy(rng.normal(size=(80, 20)) * 1e-4 + 1e-4 * target.numpy()[:, None]).float()
    x[40:] += 100
    assert values(retrieval(x, target)) == pytest.approx(by_definition(x, target))
