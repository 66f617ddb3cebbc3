"""Embeddings in two dimensions, to look at: PCA, LDA, and UMAP where it is installed."""

from importlib.util import find_spec

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from icv_lightning.data.spaced import spaced

POINTS = 3000  # drawn at most, evenly spaced


def views(embeddings: np.ndarray, target: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return 2-d points and their classes by the name of the projection.

    In two dimensions or fewer, `embeddings` themselves. LDA needs 3 classes; its covariance is shrunk as
    Ledoit and Wolf (2004) do.
    """
    chosen = spaced(len(target), POINTS).numpy()
    x, y = embeddings.astype(np.float64), target
    if x.shape[1] <= 2:
        return {"embeddings": (np.pad(x, ((0, 0), (0, 2 - x.shape[1])))[chosen], y[chosen])}
    pca = PCA(2, svd_solver="full" if x.shape[1] < 1000 else "randomized", random_state=0)
    found = {"PCA": pca.fit_transform(x)}
    if len(np.unique(y)) >= 3:
        varied = np.ptp(x, axis=0) > 0
        lda = LinearDiscriminantAnalysis("eigen", shrinkage="auto", n_components=2)
        found["LDA"] = lda.fit(x[:, varied], y).transform(x[:, varied])
    found = {name: points[chosen] for name, points in found.items()}
    if find_spec("umap"):
        from umap import UMAP

        found["UMAP"] = UMAP(random_state=0).fit_transform(x[chosen])
    return {name: (points, y[chosen]) for name, points in found.items()}
