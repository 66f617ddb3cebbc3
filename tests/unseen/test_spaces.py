"""The embeddings that are compared: what they are fitted on, and their sizes."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from icv_lightning.data.images import InMemoryImages
from icv_lightning.unseen.spaces import baselines, embedded, raw_pixels


@pytest.fixture(scope="module")
def digits() -> InMemoryImages:
    found = load_digits()
    images = torch.from_numpy(found.images * 255 / 16).to(torch.uint8)[:, None]
    index = torch.from_numpy(np.flatnonzero(found.target < 5))
    return InMemoryImages(images, torch.from_numpy(found.target).long(), index)


def test_pixels_are_grey_levels_from_0_to_1():
    images = torch.tensor([[[[0, 51], [255, 102]]]], dtype=torch.uint8)
    assert raw_pixels(images).tolist() == [[0, 0.2, 1, 0.4]]


def test_sizes_and_what_each_baseline_does(digits):
    found = {name: embedded(space, digits) for name, space in baselines(digits, 16).items()}
    assert {name: part.embeddings.shape[1] for name, part in found.items()} == {
        "raw pixels": 64, "PCA": 16, "LDA": 4,
    }  # fmt: skip
    covariance = torch.cov(found["PCA"].embeddings.T)
    largest = torch.linalg.eigvalsh(torch.cov(found["raw pixels"].embeddings.T)).flip(0)[:16]
    torch.testing.assert_close(covariance.diag(), largest)
    torch.testing.assert_close(covariance, covariance.diag().diag(), atol=1e-9, rtol=0)
    ratio = {
        name: torch.stack([part.embeddings[part.target == k].var(0).sum() for k in range(5)]).mean()
        / part.embeddings.var(0).sum()
        for name, part in found.items()
    }
    assert ratio["LDA"] < ratio["PCA"] / 2  # LDA pulls the classes apart


def test_no_more_components_than_the_embedding_has(digits):
    found = {name: embedded(space, digits) for name, space in baselines(digits, 2).items()}
    assert [part.embeddings.shape[1] for part in found.values()] == [64, 2, 2]


def test_the_first_images_of_each_class(digits):
    some = embedded(raw_pixels, digits, most=3)
    assert some.target.bincount().tolist() == [3] * 5
    whole = embedded(raw_pixels, digits)
    first = whole.embeddings[whole.target == 2][:3]
    assert torch.equal(some.embeddings[some.target == 2], first)
    assert len(embedded(raw_pixels, digits, most=10_000).target) == len(digits)
