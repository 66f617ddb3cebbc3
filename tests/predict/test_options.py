"""What predict writes beyond a row a picture, and the threshold that it keeps."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icv_lightning import EmbeddingModel
from icv_lightning.audit.reading import read_vectors
from icv_lightning.data import DigitsDataModule
from icv_lightning.predict import __main__ as predict
from icv_lightning.predict import embeddings_file


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty test images of digits."""
    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    data.setup()
    folder = tmp_path_factory.mktemp("digits")
    for position, image in enumerate(data.test_part.images[:20]):
        Image.fromarray(image[0].numpy()).save(folder / f"{position:02}.png")
    return folder


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


def test_probabilities_of_all_classes(checkpoint, pictures, started, capsys):
    arguments = ("--checkpoint", checkpoint, "--all-probabilities", pictures)
    assert started(predict, *arguments, "--format", "json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for row in lines:
        assert list(row["probabilities"]) == [str(k) for k in range(10)]
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert max(row["probabilities"].values()) == row["probability"]
        assert row["probabilities"][row["class"]] == row["probability"]
    assert started(predict, *arguments, "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for row, line in zip(rows, lines, strict=True):
        assert float(row["probability of 3"]) == pytest.approx(line["probabilities"]["3"], rel=1e-4)
    assert started(predict, *arguments) == 0
    assert "p(9)" in capsys.readouterr().out


def test_a_threshold_is_kept_and_used_from_then_on(own_checkpoint, pictures, started, capsys):
    arguments = ("--checkpoint", own_checkpoint, "--format", "json", pictures)
    assert started(predict, *arguments, "--threshold", 0, "--keep-threshold") == 0
    printed = capsys.readouterr()
    assert f"threshold 0 is kept in {own_checkpoint.with_suffix('.gallery')}" in printed.err
    assert started(predict, *arguments) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(row["unknown"] for row in rows)
    model = EmbeddingModel.load(own_checkpoint)
    assert model.gallery.threshold == 0
    assert model.gallery.names == []
    model.enroll(sorted(pictures.iterdir())[:2], "new")
    model.save_gallery()
    assert EmbeddingModel.load(own_checkpoint).gallery.threshold == 0


def test_what_a_threshold_is_worth(checkpoint, pictures, started, tmp_path, capsys):
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    for k in range(4):
        Image.new("L", (28, 28), 255).save(strangers / f"{k}.png")
    found = EmbeddingModel.load(checkpoint).predict(sorted(strangers.iterdir()))
    far = found.distances.max().item()
    arguments = ("--checkpoint", checkpoint, "--format", "json", "--unknown", strangers, pictures)
    for threshold, said in ((far * 1.01, "0 of 4"), (far * 0.99, "4 of 4")):
        assert started(predict, *arguments, "--threshold", threshold) == 0
        assert f"{said} pictures of unknown kinds are rejected" in capsys.readouterr().err
    assert started(predict, *arguments, "--false-rejection-rate", 0.05) == 0
    assert "at most 0.05, by 200 validation images; " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--embeddings", "out.txt"], "--embeddings out.txt: must end with .npy, .npz, .parquet"),
        (["--keep-threshold"], "--keep-threshold: needs a threshold, by --threshold or"),
        (["--unknown", "nowhere"], "--unknown: needs a threshold"),
    ],
)
def test_wrong_options(checkpoint, pictures, started, capsys, options, message):
    assert started(predict, "--checkpoint", checkpoint, *options, pictures) == 2
    assert message in capsys.readouterr().err


def test_parquet_needs_its_extra(checkpoint, pictures, started, capsys, monkeypatch):
    monkeypatch.setattr(embeddings_file, "find_spec", lambda name: None)
    assert started(predict, "--checkpoint", checkpoint, "--embeddings", "out.parquet", pictures) == 2
    assert "needs pip install 'icv-lightning[parquet]'" in capsys.readouterr().err


def test_no_room_for_embeddings(checkpoint, pictures, started, capsys, tmp_path):
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "out.npy"
    assert started(predict, "--checkpoint", checkpoint, "--embeddings", place, pictures) == 2
    assert f"--embeddings {place}: cannot be written (" in capsys.readouterr().err


def test_a_folder_is_listed_as_in_training(checkpoint, pictures, started, tmp_path, capsys):
    """A linked folder, a suffix that says nothing, clutter and other files."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "linked").symlink_to(pictures)
    (tmp_path / "own" / "picture").write_bytes((pictures / "00.png").read_bytes())
    (tmp_path / "own" / "notes.txt").write_text("no picture")
    for name in (".DS_Store", "Thumbs.db", "._a.png"):
        (tmp_path / "own" / name).touch()
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", tmp_path / "own") == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 21
    assert "passed over: .DS_Store, ._a.png, Thumbs.db" in printed.err
    assert "left out, no pictures that can be read: .txt" in printed.err
