"""The embeddings that predict writes into a file."""

import json
from pathlib import Path

import numpy as np
import pytest

from icv_lightning import EmbeddingModel
from icv_lightning.audit.reading import read_vectors
from icv_lightning.predict import __main__ as predict
from icv_lightning.predict import embeddings_file


def embedded(checkpoint: Path, pictures: Path) -> np.ndarray:
    return EmbeddingModel.load(checkpoint).embed(sorted(pictures.iterdir())).numpy()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_embeddings_in_a_file(checkpoint, pictures, started, tmp_path, capsys, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    file = tmp_path / "new" / f"out{suffix}"
    options = ("--format", "json", "--batch-size", 8, "--embeddings", file)
    assert started(predict, "--checkpoint", checkpoint, *options, pictures) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    columns: dict = {}
    if suffix == ".npy":
        found = np.load(file)
    elif suffix == ".npz":
        columns = dict(np.load(file))
        columns["file"] = columns.pop("path")
        found = columns.pop("embeddings")
    else:
        from pyarrow import parquet

        columns = parquet.read_table(file).to_pydict()
        found = np.array(columns.pop("embedding"), dtype=np.float32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, embedded(checkpoint, pictures), rtol=1e-4, atol=1e-5)
    if columns:
        assert read_vectors(file).files.tolist() == [row["file"] for row in rows]
    for key, values in columns.items():
        assert list(values) == [row[key] for row in rows]


def test_a_damaged_picture_has_no_row_in_either(checkpoint, pictures, started, tmp_path, capsys):
    (tmp_path / "cut.png").write_bytes(b"cut")
    given = [tmp_path / "cut.png", *sorted(pictures.iterdir())[:3]]
    assert started(predict, "--checkpoint", checkpoint, "--embeddings", tmp_path / "out.npy", *given) == 1
    assert len(np.load(tmp_path / "out.npy")) == 3


def test_parquet_needs_its_extra(checkpoint, pictures, started, capsys, monkeypatch):
    monkeypatch.setattr(embeddings_file, "find_spec", lambda name: None)
    assert started(predict, "--checkpoint", checkpoint, "--embeddings", "out.parquet", pictures) == 2
    assert "needs pip install 'icv-lightning[parquet]'" in capsys.readouterr().err


def test_no_room_for_embeddings(checkpoint, pictures, started, capsys, tmp_path):
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "out.npy"
    assert started(predict, "--checkpoint", checkpoint, "--embeddings", place, pictures) == 2
    assert f"--embeddings {place}: cannot be written (" in capsys.readouterr().err
