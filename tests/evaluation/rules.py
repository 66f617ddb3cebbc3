"""A sample of unequal classes, and each decision rule as scikit-learn or NumPy have it."""

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from icv_lightning.evaluation.decision_rules import LDA_SHRINKAGE, Part
from icv_lightning.evaluation.distances import SHRINKAGE


def sample(size=90, dim=3, classes=4, seed=0, spread=1.2):
    """Unequal classes, long in one direction and away from the origin."""
    rng = np.random.default_rng(seed)
    target = rng.choice(classes, size, p=np.arange(1, classes + 1) / (classes * (classes + 1) / 2))
    target[:classes] = np.arange(classes)
    target[classes : 2 * classes] = np.arange(classes)
    shape = np.diag(np.linspace(0.3, 2, dim)) + 0.3
    means = 3 + rng.normal(size=(classes, dim)) * spread
    return rng.normal(size=(size, dim)) @ shape + means[target], target


def cosine_means(x, y):
    means = np.array([x[y == k].mean(0) for k in np.unique(y)])

    def predict(z):
        cosines = z @ means.T / np.linalg.norm(z, axis=1)[:, None] / np.linalg.norm(means, axis=1)
        return cosines.argmax(1)

    return predict


def shared_covariance(x, y):
    classes, counts = np.unique(y, return_counts=True)
    means = np.array([x[y == k].mean(0) for k in classes])
    within = sum(n / len(y) * np.cov(x[y == k].T, bias=True) for k, n in zip(classes, counts, strict=True))
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    inverse = np.linalg.inv(within)

    def predict(z):
        return np.array([[(a - m) @ inverse @ (a - m) for m in means] for a in z]).argmin(1)

    return predict


ORACLES = {
    "euclidean": lambda x, y: NearestCentroid().fit(x, y).predict,
    "cosine": cosine_means,
    "mahalanobis": shared_covariance,
    "knn": lambda x, y: KNeighborsClassifier(min(10, len(y))).fit(x, y).predict,
    "lda": lambda x, y: LinearDiscriminantAnalysis("lsqr", shrinkage=LDA_SHRINKAGE).fit(x, y).predict,
}


def part(x, y):
    return Part(torch.from_numpy(x), torch.from_numpy(y))
