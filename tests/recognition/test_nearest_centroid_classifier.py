"""Enrolment by class means: by hand, against scikit-learn and NumPy, and on files that are not galleries."""

from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import shrunk_covariance
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestCentroid

from icv_lightning import NearestCentroidClassifier
from icv_lightning.recognition import nearest_centroid_classifier

DISTANCES = ("euclidean", "cosine", "mahalanobis")


def points(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def enrolled(distance: str = "euclidean", **options) -> NearestCentroidClassifier:
    """Two names: `a` with mean (1, 0) of two images, `b` at (0, 4)."""
    classifier = NearestCentroidClassifier(distance=distance, **options)
    classifier.enroll(points([0, 0], [2, 0]), "a")
    classifier.enroll(points([0, 4]), "b")
    return classifier


def clouds(seed: int = 0, size: int = 60, dim: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    target = torch.arange(size) % 4
    centres = 3 * torch.randn(4, dim, generator=generator, dtype=torch.float64)
    stretch = torch.randn(dim, dim, generator=generator, dtype=torch.float64)
    return centres[target] + torch.randn(
        size, dim, generator=generator, dtype=torch.float64
    ) @ stretch, target


def of_clouds(distance: str, **options) -> NearestCentroidClassifier:
    embeddings, target = clouds()
    classifier = NearestCentroidClassifier(distance=distance, **options)
    for k in range(4):
        classifier.enroll(embeddings[target == k], str(k))
    if distance == "mahalanobis":
        classifier.fit_covariance(embeddings, target)
    return classifier


def test_by_hand():
    classifier = enrolled()
    assert classifier.names == ["a", "b"]
    assert classifier.counts == [2, 1]
    assert classifier.centroids.tolist() == [[1, 0], [0, 4]]
    found = classifier.predict(points([1, 1], [0, 3], [4, 4]))
    assert found.names == ["a", "b", "b"]
    assert found.preds.tolist() == [0, 1, 1]
    assert found.distances.tolist() == [1, 1, 4]
    assert found.margin.tolist() == pytest.approx([10**0.5 - 1, 10**0.5 - 1, 1])


def test_cosine_by_hand():
    found = enrolled("cosine").predict(points([1, 1], [0, 0.1], [-3, 0], [0, 0]))
    assert found.names == ["a", "b", "b", "a"]
    assert found.distances.tolist() == pytest.approx([1 - 0.5**0.5, 0, 1, 1])


def test_mahalanobis_by_hand():
    wide = enrolled("mahalanobis", covariance=points([100, 0], [0, 1]), shrinkage=0)
    found = wide.predict(points([21, 0], [1, 3]))
    assert found.names == ["a", "b"]
    assert found.distances.tolist() == pytest.approx([2, (1 + 0.01) ** 0.5])
    assert enrolled().predict(points([1, 3])).names == ["b"]
    assert enrolled().predict(points([1, 1.5])).names == enrolled("mahalanobis", shrinkage=1,
        covariance=points([9, 0], [0, 1])).predict(points([1, 1.5])).names  # fmt: skip


@pytest.mark.parametrize("distance", DISTANCES)
def test_against_a_numpy_oracle(distance):
    classifier = of_clouds(distance, shrinkage=0.1)
    embeddings, target = (x.numpy() for x in clouds())
    queries = clouds(seed=1)[0].numpy()
    means = np.stack([embeddings[target == k].mean(0) for k in range(4)])
    centred = np.concatenate([embeddings[target == k] - means[k] for k in range(4)])
    inverse = np.linalg.inv(shrunk_covariance(np.cov(centred.T, bias=True), shrinkage=0.1))
    expected = np.empty((len(queries), 4))
    for i, z in enumerate(queries):
        for k, c in enumerate(means):
            expected[i, k] = {
                "euclidean": np.sqrt(((z - c) ** 2).sum()),
                "cosine": 1 - z @ c / np.sqrt(z @ z) / np.sqrt(c @ c),
                "mahalanobis": np.sqrt((z - c) @ inverse @ (z - c)),
            }[distance]
    found = classifier.predict(torch.from_numpy(queries))
    two = np.sort(expected, axis=1)[:, :2]
    assert found.preds.tolist() == expected.argmin(1).tolist()
    np.testing.assert_allclose(found.distances, two[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found.margin, two[:, 1] - two[:, 0], rtol=1e-7, atol=1e-12)


@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_")
def test_agrees_with_scikit_learn_on_real_digits():
    digits = load_digits()
    classifier = NearestCentroidClassifier()
    for k in range(10):
        classifier.enroll(torch.from_numpy(digits.data[:1000][digits.target[:1000] == k]), str(k))
    reference = NearestCentroid().fit(digits.data[:1000], digits.target[:1000])
    found = classifier.predict(torch.from_numpy(digits.data[1000:]))
    assert found.preds.tolist() == reference.predict(digits.data[1000:]).tolist()


@given(st.integers(1, 29), st.integers(0, 10_000))
def test_enrolling_in_parts_is_enrolling_at_once(cut, seed):
    embeddings, _ = clouds(seed, size=30)
    once, parts = NearestCentroidClassifier(), NearestCentroidClassifier()
    once.enroll(embeddings, "x")
    parts.enroll(embeddings[cut:], "x")
    parts.enroll(embeddings[:cut], "x")
    torch.testing.assert_close(parts.centroids, once.centroids, rtol=0, atol=1e-12)
    assert parts.counts == [30]


@pytest.mark.parametrize("distance", DISTANCES)
def test_blocks_change_nothing(distance, monkeypatch):
    queries = clouds(seed=1)[0]
    whole = of_clouds(distance).predict(queries)
    monkeypatch.setattr(nearest_centroid_classifier, "BLOCK", 5)
    blocks = of_clouds(distance).predict(queries)
    assert whole.names == blocks.names
    torch.testing.assert_close(whole[1:], blocks[1:])


def test_the_first_enrolled_of_equals_wins_and_an_only_name_has_no_second():
    classifier = NearestCentroidClassifier()
    classifier.enroll(points([1, 1]), "first")
    assert classifier.predict(points([0, 0])).margin.tolist() == [torch.inf]
    classifier.enroll(points([1, 1]), "second")
    found = classifier.predict(points([0, 0]))
    assert (found.names, found.margin.tolist()) == (["first"], [0])


def test_removal_leaves_the_others():
    classifier = enrolled()
    classifier.remove("a")
    assert classifier.names == ["b"]
    assert classifier.predict(points([1, 0])).names == ["b"]
    with pytest.raises(ValueError, match="not enrolled: a"):
        classifier.remove("a")
    classifier.remove("b")
    with pytest.raises(ValueError, match="no name is enrolled"):
        classifier.predict(points([1, 0]))


def test_beyond_the_threshold_is_unknown():
    found = enrolled(threshold=1.0).predict(points([1, 1], [1, 1.001]))
    assert found.names == ["a", "unknown"]
    assert found.preds.tolist() == [0, -1]
    assert found.distances.tolist() == [1, 1.001]


@pytest.mark.parametrize(
    ("rate", "expected"), [(0, 4.0), (0.2, 4.0), (0.25, 4.0), (0.5, 3.0), (0.79, 2.0), (0.8, 1.0)]
)
def test_threshold_by_hand(rate, expected):
    classifier = enrolled()
    images, names = points([1, 1], [1, 2], [0, 1], [1, -4]), ["a", "a", "b", "a"]  # 1 to 4 from their own
    assert classifier.fit_threshold(images, names, rate) == expected
    assert classifier.threshold == expected


@pytest.mark.parametrize("distance", DISTANCES)
@given(st.sampled_from([0, 0.01, 0.1, 0.29, 0.5]), st.integers(0, 1000))
def test_no_more_than_the_rate_are_rejected(distance, rate, seed):
    classifier = of_clouds(distance)
    embeddings, target = clouds(seed)
    classifier.fit_threshold(embeddings, [str(k) for k in target.tolist()], rate)
    assert classifier.predict(embeddings).names.count("unknown") <= rate * len(target)


def test_images_go_through_a_network_in_evaluation_mode():
    Outputs = namedtuple("Outputs", ["embeddings", "logits"])
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 2))
    images = torch.rand(3, 1, 2, 2)
    classifier = NearestCentroidClassifier(lambda x: Outputs(network.eval()(x), None))
    classifier.enroll(images, "x")
    torch.testing.assert_close(classifier.centroids, network(images).double().mean(0, keepdim=True))
    assert not classifier.centroids.requires_grad
    assert classifier.predict(network(images)).names == ["x"] * 3
    with pytest.raises(ValueError, match=r"training mode.*call \.eval\(\)"):
        NearestCentroidClassifier(network.train()).enroll(images, "x")


def test_a_singular_covariance_is_shrunk_or_refused():
    embeddings = points([0, 0, 5], [2, 0, 5], [0, 4, 5], [0, 6, 5])  # no third coordinate
    classifier = NearestCentroidClassifier(distance="mahalanobis")
    classifier.fit_covariance(embeddings, torch.tensor([0, 0, 1, 1]))
    classifier.enroll(embeddings[:2], "a")
    assert classifier.predict(points([1, 0, 5])).distances.tolist() == [0]
    classifier.shrinkage = 0
    with pytest.raises(ValueError, match="covariance is singular with shrinkage=0; raise shrinkage"):
        classifier.predict(embeddings)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_saved_gallery_comes_back_equal(distance, tmp_path):
    classifier, queries = of_clouds(distance, threshold=4.0), clouds(seed=1)[0]
    classifier.save(tmp_path / "gallery.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["gallery.pt"]
    loaded = NearestCentroidClassifier.load(tmp_path / "gallery.pt")
    before, after = classifier.predict(queries), loaded.predict(queries)
    assert before.names == after.names
    assert all(torch.equal(a, b) for a, b in zip(before[1:], after[1:], strict=True))
    loaded.enroll(queries[:3], "0")  # sums and counts came along, so the mean stays that of all images
    classifier.enroll(queries[:3], "0")
    assert torch.equal(loaded.centroids, classifier.centroids)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distance": "l1"}, "distance must be one of euclidean, cosine, mahalanobis, got 'l1'"),
        ({"threshold": -1}, "threshold must not be negative, or None, got -1"),
        ({"shrinkage": 1.1}, r"shrinkage must be in \[0, 1\], got 1.1"),
    ],
)
def test_refused_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        NearestCentroidClassifier(**options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.enroll(points([1, 2]), ""), "name must be text, not empty and not 'unknown', got ''"),
        (lambda c: c.enroll(points([1, 2]), "unknown"), "name must be text"),
        (lambda c: c.enroll(points([1, 2]), 3), "name must be text"),
        (lambda c: c.enroll(torch.empty(0, 2), "x"), "x: at least one image"),
        (lambda c: c.predict(torch.empty(0, 2)), "at least one image"),
        (lambda c: c.enroll(points([1, 2, 3]), "x"), "embeddings must have 2 coordinates, got 3"),
        (lambda c: c.predict(points([1, torch.nan])), "embeddings must be finite"),
        (lambda c: c.predict(torch.ones(1, 1, 2, 2)), r"embeddings must be M x N, got \(1, 1, 2, 2\)"),
        (lambda c: c.fit_threshold(points([1, 2]), ["c"], 0.1), "not enrolled: c"),
        (lambda c: c.fit_threshold(points([1, 2]), ["a", "b"], 0.1), "one for each of the 1 images, got 2"),
        (lambda c: c.fit_threshold(points([1, 2]), ["a"], 1), r"false_rejection_rate must be in \[0, 1\)"),
    ],
)
def test_refused_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call(enrolled())


def test_mahalanobis_needs_a_covariance():
    with pytest.raises(ValueError, match="mahalanobis needs covariance=, or fit_covariance first"):
        enrolled("mahalanobis").predict(points([1, 2]))
