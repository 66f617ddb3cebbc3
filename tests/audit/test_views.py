"""Two dimensions to look at: which projections there are, and of which pictures."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from icv_lightning.audit import views as module
from icv_lightning.audit.views import views


def test_two_dimensions_or_fewer_are_shown_as_they_are():
    points, target = np.arange(6.0).reshape(6, 1), np.arange(6)
    assert list(views(points, target)) == ["embeddings"]
    shown, classes = views(points, target)["embeddings"]
    assert shown.tolist() == [[x, 0] for x in range(6)]
    assert classes.tolist() == target.tolist()


def test_pca_of_all_and_lda_from_three_classes_on(monkeypatch):
    monkeypatch.setattr(module, "POINTS", 20)
    rng = np.random.default_rng(0)
    points, target = rng.normal(size=(60, 4)), np.arange(60) % 3
    points[:, 0] += 20 * (target == 1)
    points[:, 3] = 1  # a dimension that tells nothing
    found = views(points, target)
    assert {"PCA", "LDA"} <= set(found)
    whole = PCA(2, svd_solver="full").fit_transform(points)
    chosen = np.linspace(0, 59, 20).round().astype(int)
    shown, classes = found["PCA"]
    assert shown == pytest.approx(whole[chosen])
    assert classes.tolist() == target[chosen].tolist()
    apart = found["LDA"][0][:, 0]
    assert abs(apart[classes == 1].mean() - apart[classes != 1].mean()) > 3 * apart[classes == 1].std()
    assert "LDA" not in views(points, target % 2)
