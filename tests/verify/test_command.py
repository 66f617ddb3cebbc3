"""The command on tiny networks trained on made persons: one checkpoint, a grid, and refusals."""

import csv
import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.verify import __main__ as verify
from icv_lightning.verify import study
from tests.verify.conftest import SETTINGS

OPTIONS = ("--folds", "3", "--each", "5")


@pytest.fixture
def measure(started):
    """Call the command with arguments; gives its exit status."""
    return partial(started, verify)


@pytest.fixture
def checkpoint(main, made) -> Path:
    assert main("as_is", *SETTINGS, f"data.root={made}", "name=one") == 0
    (path,) = Path("outputs/one").glob("*/checkpoints/last.ckpt")
    return path


def measures(folder: Path) -> dict:
    return json.loads((folder / "measures.json").read_text())


def test_one_checkpoint(checkpoint, measure, refused, made, tmp_path, capsys):
    assert measure("--checkpoint", checkpoint, *OPTIONS) == 0
    shown = capsys.readouterr().out
    found = measures(checkpoint.parent.parent / "verification")
    assert set(found) == {"euclidean", "cosine"}
    own = found["euclidean"]
    assert {"accuracy", "accuracy_se", "auc", "eer", "tar_at_far_0.1", "tar_at_far_0.01", "rank_1"} < set(own)
    assert "tar_at_far_0.0001" not in own  # 720 impostor pairs of 10 persons
    assert all(0 <= value <= 1 for value in own.values())
    assert own["auc"] > 0.6  # persons are patterns of their own: even a network hardly trained tells
    assert own["auc"] == pytest.approx(found["cosine"]["auc"])  # unit length
    assert f"{own['eer']:.4f}" in shown
    with Image.open(checkpoint.parent.parent / "verification" / "roc.png") as figure:
        assert min(figure.size) > 300

    assert measure("--checkpoint", checkpoint, *OPTIONS, "--flip", "--out", tmp_path / "flip") == 0
    assert measures(tmp_path / "flip")["euclidean"]["auc"] != own["auc"]

    pairs = tmp_path / "pairs.txt"
    pairs.write_text("2 1\ns31 1 2\ns31 1 s32 4\ns33 3 4\ns34 1 s35 1\n")
    assert measure("--checkpoint", checkpoint, "--pairs", pairs, "--out", tmp_path / "pairs") == 0
    of_pairs = measures(tmp_path / "pairs")["euclidean"]
    assert set(of_pairs) == {"accuracy", "accuracy_se", "auc", "eer"}

    pairs.write_text("1\ns31 1 2\ns31 1 s2 4\n")
    assert refused(verify, "--checkpoint", checkpoint, "--pairs", pairs).endswith(
        "trained on persons to verify: s2"
    )
    folder = made / "orl_faces"
    assert "trained on persons to verify: s1, s10" in refused(
        verify, "--checkpoint", checkpoint, "--images", folder
    )


def test_another_folder_of_persons(checkpoint, measure, refused, tmp_path, capsys):
    for k in range(4):
        for i in range(3):
            path = tmp_path / "others" / f"p{k}" / f"p{k}_{i + 1:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (30, 20), (60 * k, 9 * i, 0)).save(path)
    options = ("--images", tmp_path / "others", "--folds", "2", "--crop", "0.8", "--out", tmp_path / "out")
    assert measure("--checkpoint", checkpoint, *options) == 0
    assert "accuracy" in measures(tmp_path / "out")["cosine"]
    capsys.readouterr()
    assert measure("--checkpoint", checkpoint, *options[:2], "--folds", "20") == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert "look unlike those trained on" in warning  # pictures of one colour
    assert error.endswith("without pairs")

    alone = Path(shutil.copy(checkpoint, tmp_path / "alone.ckpt"))
    assert measure("--checkpoint", alone, *options[:-2]) == 0
    assert measures(tmp_path / "verification") == measures(tmp_path / "out")
    assert refused(verify, "--checkpoint", alone).endswith("its run kept no persons to verify; give --images")


def test_a_grid_is_measured_once(main, measure, made, monkeypatch, capsys):
    grid = ("data.fold=0,1", "loss.lambda=0,0.5", "name=grid", f"data.root={made}")
    assert main("as_is", "-m", *SETTINGS, *grid) == 0
    assert measure("outputs/grid", *OPTIONS) == 0
    assert "ICV λ 0.5 − CE" in capsys.readouterr().out
    place = Path("outputs/grid/verification")
    rows = list(csv.DictReader((place / "results.csv").open()))
    assert {(row["fold"], row["lambda"]) for row in rows} == {(f, w) for f in "01" for w in ("", "0", "0.5")}
    assert {row["method"] for row in rows if row["lambda"] == ""} == {"raw pixels"}
    assert len({(r["fold"], r["lambda"], r["seed"], r["distance"], r["measure"]) for r in rows}) == len(rows)
    assert "roc" not in {row["measure"] for row in rows}
    assert (place / "table.md").read_text().count("±") > 5
    with Image.open(place / "roc.png") as figure:
        assert min(figure.size) > 300

    before = (place / "results.csv").read_bytes()
    monkeypatch.setattr(study, "measure_persons", None)  # nothing may be measured again
    assert measure("outputs/grid", *OPTIONS) == 0
    assert (place / "results.csv").read_bytes() == before


def test_refusals(measure, refused, tmp_path, capsys):
    assert refused(verify, tmp_path).startswith(f"error: {tmp_path}: no completed run in it")
    assert refused(verify, tmp_path, "--pairs", "p.txt") == "error: --pairs: needs --checkpoint"
    assert "not a checkpoint" in refused(verify, "--checkpoint", tmp_path / "none.ckpt")
    assert measure() == 2
    assert measure("outputs", "--folds", "1") == 2
    assert measure("outputs", "--crop", "0") == 2
    assert "argument --crop: invalid" in capsys.readouterr().err
