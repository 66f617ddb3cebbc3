"""Gallery files, and files that are none."""

import os

import pytest
import torch

from icv_lightning import NearestCentroidClassifier
from icv_lightning.errors import UserError


def saved(path):
    """Write a gallery of two names in two dimensions."""
    classifier = NearestCentroidClassifier()
    for name, embeddings in {"a": [[0, 0], [2, 0]], "b": [[0, 4]]}.items():
        classifier.enroll(torch.tensor(embeddings, dtype=torch.float64), name)
    classifier.save(path)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_hostile_file_runs_nothing(tmp_path):
    torch.save({"format": "icv_lightning gallery", "names": Hostile(tmp_path / "made")}, tmp_path / "g.pt")
    with pytest.raises(UserError, match=r"g\.pt: not a gallery that can be loaded safely") as caught:
        NearestCentroidClassifier.load(tmp_path / "g.pt")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / "g.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"g\.pt: not a gallery that can be loaded safely"):
        NearestCentroidClassifier.load(tmp_path / "g.pt")
    with pytest.raises(UserError, match="there: not a gallery that can be loaded safely"):
        NearestCentroidClassifier.load(tmp_path / "there")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "other"}, "not a gallery of icv_lightning"),
        ({"version": 2}, "a gallery of version 2, this reads 1"),
        ({"embedding_dim": 3}, "wrong sums"),
        ({"embedding_dim": True}, "wrong embedding_dim, sums"),
        ({"names": ["a", "a"]}, "wrong names"),
        ({"names": ["a"]}, "wrong counts, sums"),
        ({"names": "ab"}, "wrong names, counts, sums"),
        ({"counts": [2, 0]}, "wrong counts"),
        ({"counts": [2.0, 1.0]}, "wrong counts"),
        ({"sums": torch.ones(2, 2)}, "wrong sums"),
        ({"sums": torch.tensor([[1, 2], [3, torch.nan]]).double()}, "wrong sums"),
        ({"distance": "manhattan"}, "wrong distance"),
        ({"distance": []}, "wrong distance"),
        ({"threshold": -1.0}, "wrong threshold"),
        ({"threshold": "1"}, "wrong threshold"),
        ({"covariance": torch.eye(3)}, "wrong covariance"),
        ({"shrinkage": 2.0}, "wrong shrinkage"),
    ],
)
def test_a_gallery_with_foreign_content(tmp_path, changes, reason):
    saved(tmp_path / "g.pt")
    torch.save(torch.load(tmp_path / "g.pt", weights_only=True) | changes, tmp_path / "g.pt")
    with pytest.raises(UserError, match=rf"g\.pt: .*{reason}$"):
        NearestCentroidClassifier.load(tmp_path / "g.pt")


def test_a_tensor_is_no_gallery(tmp_path):
    torch.save(torch.ones(2), tmp_path / "g.pt")
    with pytest.raises(UserError, match="not a gallery of icv_lightning"):
        NearestCentroidClassifier.load(tmp_path / "g.pt")
