"""What predict writes beyond a row a picture, and the threshold that it keeps."""

import csv
import io
import json

import pytest
from PIL import Image

from icv_lightning import EmbeddingModel
from icv_lightning.predict import __main__ as predict


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
