"""The nearest of a gallery against sorting all distances; ties and the query itself."""

import numpy as np
import pytest
import torch

from icv_lightning.evaluation import exact_search
from icv_lightning.evaluation.exact_search import Gallery, own_among_nearest


@pytest.mark.parametrize("dim", [3, 20])  # differences squared, and expanded products
@pytest.mark.parametrize("columns", [7, 1024])
def test_against_sorting_all_distances(dim, columns, monkeypatch):
    monkeypatch.setattr(exact_search, "COLUMNS", columns)
    rng = np.random.default_rng(0)
    points, target = rng.normal(size=(60, dim)) + 100, rng.integers(0, 4, 60)
    gallery = Gallery.of(torch.from_numpy(points), torch.from_numpy(target))
    query = torch.tensor([0, 7, 59])
    for itself in (query, None):
        found = own_among_nearest(
            gallery, torch.from_numpy(points[query]), torch.from_numpy(target[query]), itself, 9
        )
        for row, q in zip(found, query.tolist(), strict=True):
            others = [k for k in range(60) if itself is None or k != q]
            nearest = sorted(others, key=lambda k: np.linalg.norm(points[k] - points[q]))[:9]
            assert row.tolist() == (target[nearest] == target[q]).tolist()


def test_others_come_first_of_equals():
    points, target = torch.zeros(4, 2), torch.tensor([0, 1, 0, 1])
    found = own_among_nearest(Gallery.of(points, target), points[:1], target[:1], None, 4)
    assert found.tolist() == [[False, False, True, True]]


def test_sizes_of_classes_known_and_not():
    gallery = Gallery.of(torch.zeros(3, 2), torch.tensor([0, 2, 2]))
    assert gallery.sizes_of(torch.tensor([2, 1, 0, 9])).tolist() == [2, 0, 1, 0]
