"""Classes that stand apart from embeddings: by order, by file, by the list of a set of the field."""

from pathlib import Path

import numpy as np
import pytest

from icv_lightning.audit.reading import read_vectors
from icv_lightning.errors import UserError

X, Y = np.arange(12.0).reshape(6, 2), np.array(list("abcabc"))


def test_npy_with_labels_in_order(tmp_path):
    np.save(tmp_path / "v.npy", X)
    (tmp_path / "l.csv").write_text("label,split\n" + "\n".join(f"{k},test" for k in Y))
    found = read_vectors(tmp_path / "v.npy", tmp_path / "l.csv")
    assert found.target.tolist() == Y.tolist()
    assert found.split.tolist() == ["test"] * 6


def test_labels_are_matched_by_file(tmp_path):
    np.savez(tmp_path / "v.npz", embeddings=X, files=np.array(list("uvwxyz")))
    rows = sorted(zip("uvwxyz", Y, strict=True), reverse=True)
    (tmp_path / "l.csv").write_text("file,label\nother,q\n" + "\n".join(",".join(row) for row in rows))
    found = read_vectors(tmp_path / "v.npz", tmp_path / "l.csv")
    assert found.target.tolist() == Y.tolist()
    assert found.files.tolist() == list("uvwxyz")


def test_labels_by_the_list_of_a_set_of_the_field(tmp_path):
    (tmp_path / "images.txt").write_text("1 001.A/a.jpg\n2 150.B/b.jpg\n3 150.B/c.jpg\n")
    (tmp_path / "image_class_labels.txt").write_text("1 1\n2 150\n3 150\n")
    files = np.array(["/data/CUB/images/150.B/b.jpg", "/data/CUB/images/001.A/a.jpg"])
    np.savez(tmp_path / "v.npz", embeddings=X[:2], files=files)
    found = read_vectors(tmp_path / "v.npz", Path(f"cub200:{tmp_path}"))
    assert found.target.tolist() == ["150.B", "001.A"]
    assert found.split.tolist() == ["test", "train"]
    assert found.files.tolist() == files.tolist()


def test_labels_that_do_not_fit(tmp_path):
    np.save(tmp_path / "v.npy", X)
    np.savez(tmp_path / "v.npz", embeddings=X, files=np.array(list("uvwxyz")))
    for vectors, labels, words in (
        ("v.npy", "label\na\n", "1 rows for the 6 embeddings"),
        ("v.npy", "name\na\n", "needs a column label, has name"),
        ("v.npz", "file,label\nu,a\n", "says nothing of 5 of 6 files, e.g. v"),
    ):
        (tmp_path / "l.csv").write_text(labels)
        with pytest.raises(UserError, match=words):
            read_vectors(tmp_path / vectors, tmp_path / "l.csv")
    with pytest.raises(UserError, match=r"--labels .*none.csv: must be"):
        read_vectors(tmp_path / "v.npy", tmp_path / "none.csv")
