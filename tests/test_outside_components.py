"""A loss, a centroid rule, a network and a data set of another package, through every command."""

import importlib
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning import enroll, export
from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError
from icv_lightning.predict import __main__ as predict
from icv_lightning.recognition.checkpoint import load_checkpoint
from icv_lightning.report import __main__ as report
from icv_lightning.run import __main__ as run

OUTSIDE = Path(__file__).parent / "outside"
CHOICES = ("data=stripes", "model=perceptron", "loss=hinge", "centroids=slow_means", "~callbacks.progress")
GIVEN = ("--config-dir", str(OUTSIDE / "conf"), *CHOICES)


@pytest.fixture(scope="module", autouse=True)
def _package():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(OUTSIDE))
        yield


def ran(folder: Path, *arguments: str) -> int:
    """Call the command here; give its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["run", *GIVEN, f"paths.outputs={folder}", *arguments])
        with pytest.raises(SystemExit) as end:
            run.main()
        return int(end.value.code or 0)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The runs of a grid of two cells."""
    folder = tmp_path_factory.mktemp("outside")
    assert ran(folder, "-m", "loss.margin=0.1,0.2", "trainer.max_epochs=2", "name=grid") == 0
    return folder


@pytest.fixture(scope="module")
def checkpoint(outputs):
    """That of the cell of margin 0.1."""
    (cell,) = (p.parent for p in outputs.glob("grid/*/results.json") if '"margin": 0.1' in p.read_text())
    return cell / "checkpoints" / "last.ckpt"


WRONG = {
    "loss.margin=-1": "loss.margin=-1: must be a finite number of at least 0",
    "centroids.layer.rate=2": "centroids.layer.rate=2: must be a finite number above 0 and at most 1",
    "model.net.width=0": "model.net.width=0: must be an integer of at least 1 and at most 10000",
    "data.brightness=200": "data.brightness=200: must be an integer of at least 1 and at most 155",
    "data.num_classes=7": "data.num_classes=7: must be 3",
    "data.classes=[0,3]": "data.classes=[0, 3]: has [3], must be from 0 to 2",
    "data.val_size=118": "data.val_size=118: must be 0 or from 3 to 114 for stripes",
    "optimizer.centroid_lr=0.1": "optimizer.centroid_lr=0.1: must be null with centroids=slow_means",
    "loss.margn=1": "unknown key loss.margn",
}


@pytest.mark.parametrize("override", WRONG)
def test_a_wrong_value_is_one_line_before_anything_starts(override, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    register_resolvers()
    with pytest.raises(UserError) as error:
        checks.check([*GIVEN, override])
    assert str(error.value).startswith(WRONG[override])
    assert not any(tmp_path.iterdir())


def test_a_grid_runs_and_learns(outputs):
    found = [json.loads(path.read_text()) for path in outputs.glob("grid/*/results.json")]
    assert [results["status"] for results in found] == ["completed"] * 2
    assert {results["cell"]["data"] for results in found} == {"stripes"}
    assert {results["config"]["loss"]["margin"] for results in found} == {0.1, 0.2}
    assert max(results["metrics"]["test/acc_nearest_class_mean"] for results in found) > 0.6


def test_a_completed_run_is_left_and_a_longer_one_goes_on_from_it(outputs, checkpoint, capsys):
    assert ran(outputs, "loss.margin=0.1", "trainer.max_epochs=2", "name=grid") == 0
    assert "already completed" in capsys.readouterr().out
    assert (
        ran(outputs, f"ckpt_path={checkpoint}", "loss.margin=0.1", "trainer.max_epochs=3", "name=more") == 0
    )
    (metrics,) = outputs.glob("more/*/metrics.csv")
    assert [int(row.split(",")[0]) for row in metrics.read_text().splitlines()[1:]] == [3]


def test_other_pictures_of_a_data_set_of_one_s_own_are_refused(outputs, checkpoint, capsys, monkeypatch):
    record = json.loads((checkpoint.parent.parent / "results.json").read_text())
    assert record["provenance"]["data"]["files"] == {
        f"{part}/{k}": count for part, count in (("train", 40), ("test", 20)) for k in range(3)
    }
    monkeypatch.setattr(importlib.import_module("fieldlab.stripes"), "EACH", 41)
    changed = "data=stripes gives other pictures now, 3 pictures more; force=true trains again"
    for given in (("loss.margin=0.1",), ("-m", "loss.margin=0.1,0.2")):
        assert ran(outputs, *given, "trainer.max_epochs=2", "name=grid") == 2
        assert f": completed before: {changed}" in capsys.readouterr().err
    assert ran(outputs, f"ckpt_path={checkpoint}", "loss.margin=0.1", "trainer.max_epochs=3", "name=on") == 2
    assert f"last.ckpt: cannot go on: {changed}" in capsys.readouterr().err


def test_the_report_names_it_as_it_says(outputs, started):
    assert started(report, outputs / "grid") == 0
    page = (outputs / "grid" / "report" / "index.html").read_text()
    assert "Noisy stripes" in page


@pytest.fixture
def picture(tmp_path):
    Image.new("L", (12, 12), 120).save(tmp_path / "grey.png")
    return tmp_path / "grey.png"


def test_what_it_names_is_built_only_if_trusted(checkpoint, picture, started, capsys):
    assert started(predict, "--checkpoint", checkpoint, picture) == 2
    said = capsys.readouterr().err
    assert "which is none of this package's networks, centroid rules or losses" in said
    assert "if you trust its code, add --trust fieldlab." in said
    assert started(predict, "--checkpoint", checkpoint, "--trust", "fieldlab", picture) == 0
    assert "grey.png" in capsys.readouterr().out
    assert started(predict, "--checkpoint", checkpoint, "--trust", "fieldlab.nothing", picture) == 2
    assert started(predict, "--checkpoint", checkpoint, "--trust", "os; import", picture) == 2
    assert "must be the name of a module" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"trusted=\['fieldlab\."):
        load_checkpoint(checkpoint)
    assert load_checkpoint(checkpoint, trusted=["fieldlab"]).net[2].out_features == 32


def test_enroll_and_export(checkpoint, picture, started, tmp_path):
    trust = ("--checkpoint", checkpoint, "--trust", "fieldlab")
    assert started(enroll, *trust, "--name", "grey", picture) == 0
    pytest.importorskip("onnx")
    assert started(export, *trust, "--output", tmp_path / "net.onnx") == 0
    assert (tmp_path / "net.onnx").stat().st_size
