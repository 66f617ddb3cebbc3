"""Embeddings from every kind of file, and one line for each that cannot be read."""

import numpy as np
import pandas as pd
import pytest
import torch

from icv_lightning.audit.reading import read_vectors
from icv_lightning.errors import UserError
from icv_lightning.predict.embeddings_file import EmbeddingsFile
from icv_lightning.predict.formats import COLUMNS

X, Y = np.arange(12.0).reshape(6, 2), np.array(list("abcabc"))


def same(found, files=None, split=None):
    assert found.embeddings.tolist() == X.tolist()
    assert found.target.tolist() == Y.tolist()
    assert (None if found.files is None else found.files.tolist()) == files
    assert (None if found.split is None else found.split.tolist()) == split


def test_npz_by_names(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, embeddings=X, labels=Y, files=np.array(list("uvwxyz")), split=["train"] * 6)
    same(read_vectors(path), list("uvwxyz"), ["train"] * 6)


def test_npz_of_parts(tmp_path):
    path = tmp_path / "epoch.npz"
    np.savez(
        path, train_embeddings=X[:4], train_target=Y[:4], test_embeddings=X[4:], test_target=Y[4:],
        centroids=np.zeros((3, 2)),
    )  # fmt: skip
    found = read_vectors(path)
    same(found, split=["train"] * 4 + ["test"] * 2)
    assert found.centroids.shape == (3, 2)


def test_csv_of_columns(tmp_path):
    pd.DataFrame(X, columns=["e0", "e1"]).assign(label=Y, split="train").to_csv(
        tmp_path / "v.csv", index=False
    )
    same(read_vectors(tmp_path / "v.csv"), split=["train"] * 6)


def test_parquet_of_lists(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"embedding": X.tolist(), "label": Y, "distance": 0.5}).to_parquet(tmp_path / "v.parquet")
    same(read_vectors(tmp_path / "v.parquet"))


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_what_predict_writes(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    file = EmbeddingsFile(tmp_path / f"p{suffix}")
    for name, pred, embedding in zip("uvwxyz", Y, X, strict=True):
        file.add(dict(zip(COLUMNS, (name, pred, 1.0, pred, 0.5, 0.1, False), strict=True)), embedding)
    file.write()
    (tmp_path / "l.csv").write_text(
        "file,label\n" + "\n".join(",".join(r) for r in zip("zyxwvu", Y, strict=True))
    )
    found = read_vectors(tmp_path / f"p{suffix}", tmp_path / "l.csv")
    assert found.embeddings.tolist() == X.tolist()
    assert found.files.tolist() == list("uvwxyz")
    assert found.preds.tolist() == Y.tolist()
    assert found.target.tolist() == Y.tolist()[::-1]


def test_a_run(tmp_path):
    (tmp_path / "embeddings").mkdir()
    np.savez(
        tmp_path / "embeddings" / "epoch_003.npz", train_embeddings=X[:4], train_target=[0, 1, 2, 0],
        test_embeddings=X[4:], test_target=[1, 2], test_preds=[1, 2], test_index=[0, 1],
        centroids=np.zeros((3, 2)), class_means=np.zeros((3, 2)),
    )  # fmt: skip
    found = read_vectors(tmp_path)
    assert found.source == tmp_path.name
    assert found.target.tolist() == [0, 1, 2, 0, 1, 2]
    assert found.split.tolist() == ["train"] * 4 + ["test"] * 2
    assert found.preds.tolist() == [-1] * 4 + [1, 2]
    assert found.weight is None
    (tmp_path / "checkpoints").mkdir()
    state = {"head.weight": torch.arange(6.0).reshape(3, 2)}
    content = {"hyper_parameters": {"config": {}}, "state_dict": state}
    torch.save(content, tmp_path / "checkpoints" / "last.ckpt")
    assert read_vectors(tmp_path).weight.tolist() == [[0, 1], [2, 3], [4, 5]]


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("v.txt", b"1 2", "v.txt: must be .npz, .npy, .csv, .parquet or the folder of a run"),
        ("v.npy", b"nothing", "v.npy: not an array file that can be read"),
        ("v.npz", b"nothing", "v.npz: not an array file that can be read"),
        ("v.csv", b"label,file\na,b\n", "v.csv: needs columns of numbers, or one column embedding"),
        ("v.csv", b"", "v.csv: not a table that can be read"),
        ("v.csv", b"embedding,label\nx,a\n", "v.csv: embedding must be lists of numbers of one length"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, words):
    with pytest.raises(UserError, match=words):
        read_vectors(written(tmp_path / name, content))


def test_objects_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "v.npz", embeddings=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match=r"v.npz: holds arrays that cannot be read"):
        read_vectors(tmp_path / "v.npz")


def test_places_without_embeddings(tmp_path):
    np.savez(tmp_path / "w.npz", vectors=X)
    with pytest.raises(UserError, match=r"w.npz: needs the array embeddings, has vectors"):
        read_vectors(tmp_path / "w.npz")
    with pytest.raises(UserError, match=r"none.npy: no such file or folder"):
        read_vectors(tmp_path / "none.npy")
    with pytest.raises(UserError, match="no run with a snapshot of embeddings"):
        read_vectors(tmp_path)
