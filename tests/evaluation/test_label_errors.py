import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from icv_lightning.evaluation.label_errors import suspects


def blobs(size=120, seed=0, spread=0.3):
    rng = np.random.default_rng(seed)
    true = np.arange(size) % 3
    means = np.array([[0, 0], [2, 0], [0, 2.0]])
    return rng.normal(size=(size, 2)) * spread + means[true], true, rng


def test_flipped_labels_come_first_with_what_they_were():
    x, true, rng = blobs()
    flipped = rng.choice(len(true), 6, replace=False)
    target = true.copy()
    target[flipped] = (true[flipped] + 1) % 3
    found = suspects(torch.from_numpy(x), torch.from_numpy(target))
    assert set(found.position[:6].tolist()) == set(flipped.tolist())
    assert found.suggested[:6].tolist() == true[found.position[:6].numpy()].tolist()
    assert (found.agreement[:6] > 0.5).all()
    assert (found.ratio > 1).all()


def test_against_fitting_once_for_each():
    x, true, _ = blobs(60, 1, spread=0.9)
    found = suspects(torch.from_numpy(x), torch.from_numpy(true))
    expected = {}
    for i in range(len(true)):
        rest, labels = np.delete(x, i, 0), np.delete(true, i)
        knn = KNeighborsClassifier(10).fit(rest, labels)
        voted, shares = knn.predict(x[i : i + 1])[0], knn.predict_proba(x[i : i + 1])[0]
        if voted != true[i] and NearestCentroid().fit(rest, labels).predict(x[i : i + 1])[0] == voted:
            expected[i] = (voted, shares[voted] - shares[true[i]])
    assert {i: (k, a) for i, k, a in zip(*(t.tolist() for t in found[:3]), strict=True)} == expected
    order = list(zip(found.agreement.tolist(), found.ratio.tolist(), strict=True))
    assert order == sorted(order, reverse=True)
    assert expected


def test_nothing_to_suspect():
    x, true, _ = blobs(spread=0.01)
    assert len(suspects(torch.from_numpy(x), torch.from_numpy(true)).position) == 0
