"""Adding classes without training, as a command."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from icv_lightning import EmbeddingModel, NearestCentroidClassifier, enroll
from icv_lightning.predict import __main__ as predict


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """Four pictures that are no digits."""
    folder = tmp_path / "drawn"
    folder.mkdir()
    for k in range(4):
        Image.new("L", (40, 30), 200 + k).save(folder / f"{k}.png")
    return folder


def test_predict_knows_an_enrolled_class(own_checkpoint, drawn, started, capsys):
    before = own_checkpoint.read_bytes()
    assert (
        started(enroll, "--checkpoint", own_checkpoint, "--name", "paper", *sorted(drawn.iterdir())[:3]) == 0
    )
    assert capsys.readouterr().out.splitlines() == [
        "paper: 3 pictures", str(own_checkpoint.with_suffix(".gallery")),
    ]  # fmt: skip
    assert own_checkpoint.read_bytes() == before
    assert started(predict, "--checkpoint", own_checkpoint, "--format", "json", drawn / "3.png") == 0
    row = json.loads(capsys.readouterr().out)
    assert row["nearest"] == "paper"
    assert row["class"] in set("0123456789")


def test_more_pictures_join_and_replace_begins_anew(own_checkpoint, drawn, started, capsys):
    files = sorted(drawn.iterdir())
    options = ("--checkpoint", own_checkpoint, "--name", "paper")
    started(enroll, *options, files[0])
    started(enroll, *options, "--batch-size", 1, *files[1:])
    model = EmbeddingModel.load(own_checkpoint)
    assert model.gallery.counts == [4]
    torch.testing.assert_close(model.gallery.centroids[0], model.embed(files).double().mean(0))
    started(enroll, *options, "--replace", files[2])
    assert EmbeddingModel.load(own_checkpoint).gallery.counts == [1]
    assert "paper: 1 pictures" in capsys.readouterr().out


def test_a_broken_picture_is_named_and_the_others_are_enrolled(own_checkpoint, drawn, started, capsys):
    (drawn / "0.png").write_bytes(b"broken")
    assert started(enroll, "--checkpoint", own_checkpoint, "--name", "paper", drawn) == 1
    printed = capsys.readouterr()
    assert "0.png: unreadable picture" in printed.err
    assert "paper: 3 pictures" in printed.out


@pytest.mark.parametrize(
    ("name", "message"),
    [("4", "4: the network was trained on this class"), ("unknown", "not 'unknown'"), ("", "not empty")],
)
def test_names_that_are_refused_write_nothing(own_checkpoint, drawn, started, capsys, name, message):
    assert started(enroll, "--checkpoint", own_checkpoint, "--name", name, drawn) == 2
    assert message in capsys.readouterr().err
    assert not own_checkpoint.with_suffix(".gallery").exists()


def test_no_picture_that_can_be_read_writes_nothing(own_checkpoint, started, tmp_path, capsys):
    assert started(enroll, "--checkpoint", own_checkpoint, "--name", "x", tmp_path / "none.png") == 2
    assert "nothing was enrolled" in capsys.readouterr().err
    assert not own_checkpoint.with_suffix(".gallery").exists()


def test_a_file_that_is_no_gallery_is_left_alone(own_checkpoint, drawn, started, capsys):
    path = own_checkpoint.with_suffix(".gallery")
    path.write_text("mine")
    assert started(enroll, "--checkpoint", own_checkpoint, "--name", "x", drawn) == 2
    assert "last.gallery: not a gallery that can be loaded safely" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_the_digest_of_a_gallery_is_asked_for_only_where_given(tmp_path):
    gallery = NearestCentroidClassifier()
    gallery.enroll(torch.eye(2), "a")
    gallery.save(tmp_path / "g", checkpoint="abc")
    assert NearestCentroidClassifier.load(tmp_path / "g").names == ["a"]
    assert NearestCentroidClassifier.load(tmp_path / "g", checkpoint="abc").names == ["a"]
    with pytest.raises(ValueError, match="g: was made with another checkpoint"):
        NearestCentroidClassifier.load(tmp_path / "g", checkpoint="abd")
