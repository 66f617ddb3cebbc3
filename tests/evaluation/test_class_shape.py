import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from icv_lightning.evaluation.class_shape import (
    class_shape,
    effective_dim,
    median_condition,
    mutual_confusions,
)


def sample(scale=1.0, shift=0.0):
    rng = np.random.default_rng(2)
    target = rng.integers(0, 3, 200)
    points = rng.normal(size=(200, 4)) * [1, 2, 0.5, 0.1] + 5 * np.eye(4)[target]
    return torch.from_numpy(scale * points + shift), torch.from_numpy(target)


def test_against_numpy_and_scikit_learn():
    x, y = sample()
    weight, centroids = (
        torch.randn(3, 4, generator=torch.Generator().manual_seed(k)).double() for k in (0, 1)
    )
    collapse = class_shape(x, y, centroids, weight)
    found = class_shape(x, y, centroids=torch.zeros(3, 4).double())
    x, y = x.numpy(), y.numpy()
    means = np.array([x[y == k].mean(0) for k in range(3)])
    gaps = np.linalg.norm(means[:, None] - means, axis=2) + np.diag([np.inf] * 3)
    spacing = gaps.min(1).mean()
    centred = x - means[y]
    around = means - means.mean(0)
    for name, rows in (("nc3", weight), ("nc3_centroids", centroids - centroids.mean(0))):
        gap = rows.numpy() / np.linalg.norm(rows) - around / np.linalg.norm(around)
        assert collapse[name] == pytest.approx((gap**2).sum())
    assert "nc3" not in found
    own = np.linalg.norm(centred, axis=1)
    assert found["var_within"] == pytest.approx(centred.var(0).sum())
    assert found["var_within"] + found["var_between"] == pytest.approx(x.var(0).sum())
    assert found["var_ratio"] == pytest.approx(found["var_within"] / found["var_between"])
    assert found["distance_median"] == pytest.approx(np.median(own) / spacing)
    assert found["distance_p99"] == pytest.approx(np.quantile(own, 0.99) / spacing)
    shares = PCA().fit(centred).explained_variance_ratio_
    assert [found[f"within_pc{i}"] for i in (1, 2, 3)] == pytest.approx(shares[:3].tolist())
    values = np.linalg.eigvalsh(np.cov(x.T))
    assert found["effective_dim"] == pytest.approx(values.sum() ** 2 / (values**2).sum())
    conditions = [np.linalg.cond(np.cov(x[y == k].T)) for k in range(3)]
    assert found["condition"] == pytest.approx(np.median(conditions))
    assert found["centroid_lag"] == pytest.approx(np.linalg.norm(means, axis=1).mean() / spacing)


def test_shape_is_free_of_scale_and_place():
    free = [key for key in class_shape(*sample()) if key not in ("var_within", "var_between")]
    a, b = class_shape(*sample()), class_shape(*sample(scale=1e-3, shift=7.0))
    assert [a[key] for key in free] == pytest.approx([b[key] for key in free], rel=1e-5)


def test_effective_dimension_of_a_ball_and_a_line():
    assert effective_dim(torch.eye(5)) == 5
    assert effective_dim(torch.diag(torch.tensor([3.0, 0, 0]))) == 1


def test_condition_needs_more_pictures_than_dimensions():
    x, _ = sample()
    assert np.isnan(median_condition(x[:8], torch.tensor([0] * 4 + [1] * 4)))
    assert median_condition(x[:9], torch.tensor([0] * 5 + [1] * 4)) > 1


def test_pairs_that_take_each_other():
    target = torch.tensor([0] * 10 + [1] * 5 + [2] * 4)
    preds = torch.tensor([0] * 8 + [1] * 2 + [1] * 4 + [0] + [2] * 4)
    assert confusion_matrix(target, preds)[0, 1] == 2
    assert mutual_confusions(preds, target, ["a", "b", "c"]) == [
        {"first": "a", "second": "b", "first_as_second": 0.2, "second_as_first": 0.2, "count": 3}
    ]
    assert mutual_confusions(target, target, ["a", "b", "c"]) == []
