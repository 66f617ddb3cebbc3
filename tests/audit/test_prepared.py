"""What an audit refuses, in one line."""

import numpy as np
import pytest

from icv_lightning import audit_embeddings
from icv_lightning.errors import UserError


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"embeddings": np.zeros(5)}, "embeddings must be numbers of shape M x N, got float64 of shape 5"),
        ({"embeddings": np.array([["a", "b"]] * 160)}, "embeddings must be numbers"),
        (
            {"target": np.arange(159)},
            "target must hold one value for each of the 160 embeddings, has",
        ),
        ({"target": np.zeros(160, int)}, "needs 2 classes, one of them with 2 pictures; has 1"),
        ({"target": np.arange(160)}, "needs 2 classes, one of them with 2 pictures; has 160 with at most 1"),
        ({"target": np.full(160, 0.5)}, "target must be names or whole numbers"),
        ({"split": ["dev"] * 160}, "split must be train, test, val, validation, got dev"),
        ({"centroids": np.zeros((3, 4))}, "centroids must be 4 x 4, a row a class in order, got 3 x 4"),
        ({"weight": np.zeros((4, 3))}, "weight must be 4 x 4, a row a class in order, got 4 x 3"),
        ({"preds": ["ant"]}, "preds must hold one value for each of the 160 embeddings, has shape 1"),
        (
            {"is_query": np.zeros(160, bool), "is_gallery": np.ones(160, bool)},
            "must each be true of",
        ),
        ({"is_query": np.arange(160) < 90, "is_gallery": np.arange(160) > 80}, "9 pictures are is_query and"),
        ({"embeddings": np.full((160, 4), np.nan)}, "needs 2 classes"),
    ],
)
def test_what_cannot_be_audited(blobs, change, words):
    arguments = dict(zip(("embeddings", "target"), blobs, strict=True)) | change
    with pytest.raises(UserError, match=words):
        audit_embeddings(**arguments)
