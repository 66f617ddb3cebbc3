"""Predicting the classes of pictures, as a command."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from icv_lightning import EmbeddingModel
from icv_lightning.data import DigitsDataModule
from icv_lightning.predict import __main__ as predict
from icv_lightning.records.results import read_results
from icv_lightning.terminal import streams


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test part of digits as pictures, a folder per class."""
    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    data.setup()
    folder = tmp_path_factory.mktemp("digits")
    for position, (image, k) in enumerate(zip(data.test_part.images, data.test_part.target, strict=True)):
        (folder / str(int(k))).mkdir(exist_ok=True)
        Image.fromarray(image[0].numpy()).save(folder / str(int(k)) / f"{position:03}.png")
    return folder


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_accuracy_of_csv_is_that_of_the_run(checkpoint, digits, started, capsys):
    assert started(predict, "--checkpoint", checkpoint, "--format", "csv", digits) == 0
    rows = rows_of(capsys.readouterr().out)
    metrics = (read_results(checkpoint.parent.parent) or {})["metrics"]
    truth = [Path(row["file"]).parent.name for row in rows]
    assert len(rows) == 360
    assert np.mean([r["class"] == k for r, k in zip(rows, truth, strict=True)]) == pytest.approx(
        metrics["test/acc"]
    )
    near = np.mean([r["nearest"] == k for r, k in zip(rows, truth, strict=True)])
    assert near == pytest.approx(metrics["test/acc_nearest_centroid"])


@pytest.mark.parametrize("kept", [False, True])
def test_a_reader_that_is_gone_ends_it_unless_embeddings_are_kept(
    checkpoint, digits, started, monkeypatch, tmp_path, kept
):
    calls: list[int] = []
    predicted = EmbeddingModel.predict
    monkeypatch.setattr(streams, "reader_is_gone", lambda: len(calls) > 0)
    monkeypatch.setattr(
        EmbeddingModel, "predict", lambda self, *args: calls.append(1) or predicted(self, *args)
    )
    options = ("--embeddings", tmp_path / "all.npy") if kept else ()
    given = ("--checkpoint", checkpoint, "--format", "csv", "--batch-size", 100, *options, digits)
    assert started(predict, *given) == 0
    assert len(calls) == (4 if kept else 1)


def test_json_lines_hold_what_python_gives(checkpoint, digits, started, capsys):
    files = sorted((digits / "3").iterdir())[:5]
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", "--batch-size", 2, *files) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = EmbeddingModel.load(checkpoint).predict(files)
    assert [row["file"] for row in rows] == [str(file) for file in files]
    assert [row["class"] for row in rows] == found.names
    assert [row["nearest"] for row in rows] == found.nearest
    for key, values in {"probability": found.probabilities, "distance": found.distances}.items():
        assert [row[key] for row in rows] == pytest.approx(values.tolist(), rel=1e-5)
    assert {row["unknown"] for row in rows} == {False}


def test_the_table_says_unknown_beyond_the_threshold(checkpoint, digits, started, capsys):
    file = next((digits / "3").iterdir())
    assert started(predict, "--checkpoint", checkpoint, "--threshold", 0, file) == 0
    output = capsys.readouterr().out
    assert "unknown (" in output
    assert file.name in output
    assert started(predict, "--checkpoint", checkpoint, "--threshold", 1e6, file) == 0
    assert "unknown (" not in capsys.readouterr().out


RATE = ("--format", "csv", "--false-rejection-rate", 0.1)


def test_a_tenth_of_the_run_s_validation_images_lies_beyond_the_threshold(
    checkpoint, digits, started, capsys
):
    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28, val_size=200)
    data.setup()
    images, target = data.val_part.images[data.val_part.index], data.val_part.target
    model = EmbeddingModel.load(checkpoint)
    to_own_centroid = (model.embed(images).double() - model.centroids[target]).norm(dim=1)
    largest_first = to_own_centroid.sort(descending=True).values.tolist()

    assert started(predict, "--checkpoint", checkpoint, *RATE, digits / "0") == 0
    said = capsys.readouterr().err
    (threshold,) = re.findall(r"threshold (\S+): .* at most 0.1, by 200 validation images", said)
    assert float(threshold) == pytest.approx(largest_first[19], rel=1e-5)  # the ⌈201 · 0.9⌉ = 181st


def test_the_threshold_may_come_from_a_folder_of_pictures(checkpoint, digits, started, capsys):
    assert started(predict, "--checkpoint", checkpoint, *RATE, "--validation", digits, digits) == 0
    printed = capsys.readouterr()
    assert "at most 0.1, by 360 validation images" in printed.err
    unknown = [row["unknown"] == "true" for row in rows_of(printed.out)]
    assert 0 < np.mean(unknown) <= 0.1  # of the same pictures; their class need not be that of their folder


@pytest.fixture
def seven(digits: Path) -> Image.Image:
    return Image.open(next((digits / "7").iterdir()))


def test_one_picture_is_the_same_in_every_format(checkpoint, seven, started, tmp_path, capsys):
    grey = np.asarray(seven)
    seven.save(tmp_path / "grey.png")
    seven.convert("P").save(tmp_path / "palette.gif")
    Image.fromarray(grey.astype(np.uint16) << 8).save(tmp_path / "sixteen_bits.png")
    opaque = np.full_like(grey, 255)
    Image.fromarray(np.dstack([grey, grey, grey, opaque]), "RGBA").save(tmp_path / "alpha.png")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned: to be shown turned by 90° clockwise
    seven.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)

    assert started(predict, "--checkpoint", checkpoint, "--format", "json", tmp_path) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 5
    for row in rows:
        assert row["distance"] == pytest.approx(rows[0]["distance"], rel=1e-6), row["file"]


def test_a_picture_of_any_size_is_resized(checkpoint, seven, started, tmp_path, capsys):
    seven.save(tmp_path / "small.png")
    seven.resize((3000, 3000), Image.Resampling.NEAREST).save(tmp_path / "large.png")
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", tmp_path) == 0
    small, large = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert small["class"] == large["class"]


def test_pictures_are_found_below_a_folder_unless_hidden(checkpoint, seven, started, tmp_path, capsys):
    for name in ("a.png", "below/b.png", "below/.hidden/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        seven.save(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "notes.txt").write_text("not a picture by its name")
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", tmp_path) == 0
    files = [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]
    assert sorted(files) == [str(tmp_path / "a.png"), str(tmp_path / "below" / "b.png")]


def test_unreadable_pictures_are_named_and_the_others_predicted(checkpoint, seven, started, tmp_path, capsys):
    folder, missing = tmp_path / "pictures", tmp_path / "missing.png"
    folder.mkdir()
    seven.save(folder / "good.png")
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:60])
    (folder / "text.jpg").write_text("not a picture")
    (folder / "empty.png").touch()
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", folder, missing) == 1
    printed = capsys.readouterr()
    assert [json.loads(line)["file"] for line in printed.out.splitlines()] == [str(folder / "good.png")]
    for name in ("cut.png", "text.jpg", "empty.png", "missing.png"):
        assert re.search(rf"{name}: unreadable picture \(.+\)", printed.err)
    assert "4 of 5 files could not be read" in printed.err


def test_a_decompression_bomb_is_unreadable(checkpoint, digits, started, monkeypatch, capsys):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 28 * 28 // 2 - 1)
    assert started(predict, "--checkpoint", checkpoint, next((digits / "1").iterdir())) == 1
    assert re.search(r"unreadable picture \(Image size .* exceeds limit .*\)", capsys.readouterr().err)


def test_names_are_harmless(checkpoint, digits, started, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["=1+1.png", "[red]x\x1b[31m.png", "new\nline.png"]
    for name in names:
        Image.open(next((digits / "1").iterdir())).save(name)
    assert started(predict, "--checkpoint", checkpoint, "--format", "csv", *names) == 0
    output = capsys.readouterr().out
    assert [row["file"] for row in rows_of(output)] == ["'=1+1.png", r"[red]x\x1b[31m.png", r"new\nline.png"]
    assert started(predict, "--checkpoint", checkpoint, *names, "bad\x1b.png") == 1
    printed = capsys.readouterr()
    assert "[red]x" in printed.out
    assert "\x1b" not in printed.out + printed.err
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", *names) == 0
    assert [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()] == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", "-1"], "--threshold: -1: must be a number of at least 0"),
        (["--threshold", "x"], "--threshold: x: must be a number of at least 0"),
        (["--false-rejection-rate", "1"], "1: must be a number of at least 0 and below 1"),
        (["--batch-size", "0"], "--batch-size: 0: must be an integer of at least 1"),
        (["--threshold", "1", "--false-rejection-rate", "0.1"], "not allowed with"),
        (["--device", "abacus"], "error: --device abacus: "),
        (
            ["--validation", "nowhere", "--false-rejection-rate", "0"],
            "nowhere: not a folder that can be read",
        ),
    ],
)
def test_wrong_arguments(checkpoint, digits, started, capsys, arguments, message):
    assert started(predict, "--checkpoint", checkpoint, digits, *arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert not printed.out


def test_what_is_not_there(checkpoint, own_checkpoint, digits, started, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "strangers" / "ant").mkdir(parents=True)
    own_checkpoint.parent.parent.joinpath("results.json").unlink()
    rate = ("--false-rejection-rate", 0.1)
    for arguments, message in (
        ((tmp_path / "no.ckpt", digits), "no.ckpt: not a checkpoint that can be loaded safely"),
        ((checkpoint, tmp_path / "empty"), "empty: no pictures in it"),
        ((own_checkpoint, digits, *rate), "cell: no results.json of a run with a validation part"),
        ((checkpoint, digits, *rate, "--validation", tmp_path / "strangers"), "ant is none of the model's"),
        ((checkpoint, digits, *rate, "--validation", tmp_path / "empty"), "no pictures in class folders"),
    ):
        assert started(predict, "--checkpoint", *arguments) == 2
        assert message in capsys.readouterr().err


def test_a_record_s_stranger_is_not_built(own_checkpoint, digits, started, capsys):
    results = own_checkpoint.parent.parent / "results.json"
    evil = results.read_text().replace("icv_lightning.data.DigitsDataModule", "os.getcwd")
    results.write_text(evil)
    assert started(predict, "--checkpoint", own_checkpoint, "--false-rejection-rate", 0.1, digits) == 2
    assert "names 'os.getcwd', which is none of this package's data sets" in capsys.readouterr().err


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_says_the_same(checkpoint, digits):
    files = sorted((digits / "5").iterdir())
    here, there = (EmbeddingModel.load(checkpoint, device).predict(files) for device in ("cpu", "cuda"))
    torch.testing.assert_close(here.distances, there.distances, atol=1e-3, rtol=1e-3)
