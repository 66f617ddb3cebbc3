"""The command on a grid of tiny networks on digits: files, what is not done twice, and refusals."""

import csv
import json
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.errors import UserError
from icv_lightning.paper.evidence import read_rows
from icv_lightning.unseen import __main__ as unseen
from icv_lightning.unseen import study
from tests.report.grid import PAPER_CELLS, same, write_run

GRID = (
    "-m",
    "name=grid",
    "data.classes=[0,1,2,3,4,5],[4,5,6,7,8,9]",
    "loss.lambda=0,0.05",
    "trainer.max_epochs=2",
)
OPTIONS = ("--shots", "1,5", "--draws", "3", "--images", "40")


@pytest.fixture
def measure(started):
    """Call the command with arguments; gives its exit status."""
    return partial(started, unseen)


@pytest.fixture
def grid(main) -> Path:
    assert main(*GRID) == 0
    return Path("outputs/grid")


def test_a_grid_is_measured_once_and_the_report_finds_its_evidence(grid, measure, monkeypatch, capsys):
    assert measure(str(grid), *OPTIONS) == 0
    assert "ICV λ 0.05" in capsys.readouterr().out
    runs = {path.name for path in grid.glob("digits-*")}
    assert len(runs) == 4
    assert runs < {path.stem for path in (grid / "unseen").glob("*.json")}
    table = list(csv.DictReader((grid / "unseen" / "results.csv").open()))
    assert {row["method"] for row in table} == {"network", "raw pixels", "PCA", "LDA"}
    assert {row["trained_on"] for row in table} == {"0 1 2 3 4 5", "4 5 6 7 8 9"}
    assert {(row["ways"], row["shots"]) for row in table} == {("0", "0"), ("4", "1"), ("4", "5")}
    assert all(0 <= float(row["value"]) <= 1 for row in table)
    pixels = [
        r for r in table if r["method"] == "raw pixels" and r["measure"] == "among_new" and r["shots"] == "5"
    ]
    assert [float(row["value"]) > 0.7 for row in pixels] == [True, True]  # chance is 0.25
    with Image.open(grid / "unseen" / "accuracy.png") as figure:
        assert min(figure.size) > 300
    evidence = read_rows([grid])
    assert {(row["claim"], row["data"], row["seed"]) for row in evidence} == {
        (12, "digits", "0 1 2 3 4 5, 0"), (12, "digits", "4 5 6 7 8 9, 0"),
    }  # fmt: skip
    assert len(evidence) == 4

    before = (grid / "unseen" / "results.csv").read_bytes()
    monkeypatch.setattr(study, "measure", None)  # nothing may be measured again
    assert measure(str(grid), *OPTIONS) == 0
    assert (grid / "unseen" / "results.csv").read_bytes() == before


def test_another_protocol_is_measured_anew(main, measure, refused):
    assert main(*GRID[:2], "data.classes=[0,1,2]", "loss.lambda=0", "trainer.max_epochs=1") == 0
    for ways in ("2", "3"):
        assert measure("outputs/grid", *OPTIONS, "--ways", ways) == 0
        (path,) = Path("outputs/grid/unseen").glob("digits-*.json")
        found = json.loads(path.read_text())
        assert found["protocol"] == {"ways": [int(ways)], "shots": [1, 5], "draws": 3, "images": 40}
        assert {row["ways"] for row in found["rows"]} == {0, int(ways)}
    said = refused(unseen, "outputs/grid", "--ways", "8", "--draws", "1")
    assert said == "error: data=digits: ways must be at most the 7 new classes, got 8"


def test_runs_on_all_classes_are_refused_before_anything_is_measured(main, refused, caplog):
    assert main("name=whole", "trainer.max_epochs=1") == 0
    expected = "error: data=digits: trained on all classes; unseen ones need data.classes=[…]"
    assert refused(unseen, "outputs/whole") == expected
    assert "measuring" not in caplog.text
    assert not Path("outputs/whole/unseen").exists()


def test_a_folder_without_runs(tmp_path, refused):
    assert refused(unseen, tmp_path).startswith(f"error: {tmp_path}: no completed run in it")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--shots", "", ": must be an integer of at least 1"),
        ("--shots", "1,a", "a: must be an integer of at least 1"),
        ("--shots", "1,0", "0: must be an integer of at least 1"),
        ("--ways", "-1", "-1: must be an integer of at least 0"),
        ("--draws", "1,2", "1,2: must be an integer of at least 1"),
    ],
)
def test_numbers_that_are_none(measure, option, value, message, capsys):
    assert measure("outputs", f"{option}={value}") == 2
    assert f"argument {option}: {message}" in capsys.readouterr().err


def test_other_pictures_than_those_trained_on_are_not_measured(tmp_path, monkeypatch):
    for name in ("ant", "bee"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        Image.new("L", (8, 8), 90).save(tmp_path / "pictures" / name / "a.png")
    about = {"pictures": str(tmp_path / "pictures")}
    run = write_run(tmp_path / "grid", PAPER_CELLS[0], 0, same(0.9), data__about=about)
    results = json.loads((run / "results.json").read_text())
    results["provenance"] = {"data": {"sha256": "another", "files": {"train/ant": 1, "train/bee": 2}}}
    (run / "results.json").write_text(json.dumps(results))
    monkeypatch.setattr(study, "left_some_out", lambda settings: True)
    with pytest.raises(UserError, match=r"cannot be measured: .* holds other pictures now, 1 pictures fewer"):
        study.evaluate(tmp_path / "grid", study.Protocol())
