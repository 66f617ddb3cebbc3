import json
import os
import shutil
import time

import pytest

from icv_lightning.errors import UserError
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from tests.report.grid import same, write_run

CELL = Cell("mnist", 0.05, 2, False)


def only(grid):
    (run,) = read_runs([grid])
    return run


def test_a_completed_run(tmp_path):
    write_run(tmp_path, CELL, 3, same(0.9), curve={"acc": [0.5, 0.9]})
    run = only(tmp_path)
    assert (run.status, run.cell, run.seed, run.cause) == ("completed", CELL, 3, "")
    assert run.metrics["test/acc"] == 0.9
    assert run.curves["test/acc"].to_dict() == {1: 0.5, 2: 0.9}


def test_a_failed_run_tells_cause_and_step(tmp_path):
    write_run(tmp_path, CELL, status="failed", metrics=same(0.9))
    run = only(tmp_path)
    assert (run.status, run.cause) == ("failed", "ValueError: loss is nan (step 17)")
    assert run.metrics == {}


def test_a_run_under_way_tells_how_far_it_is(tmp_path):
    write_run(tmp_path, CELL, status="running", curve={"acc": [0.5, 0.9]})
    run = only(tmp_path)
    assert run.status == "running"
    assert run.cause == "2 of 20 epochs done, last sign of life less than a minute ago"
    assert run.config["data"]["batch_size"] == 256


def test_a_silent_run_is_interrupted(tmp_path):
    folder = write_run(tmp_path, CELL, status="running")
    old = time.time() - 2 * 3600
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (old, old))
    run = only(tmp_path)
    assert (run.status, run.cause) == ("interrupted", "0 of 20 epochs done, last sign of life 2 h ago")


def test_no_interpolation_is_resolved(tmp_path, monkeypatch):
    """What a stranger wrote into settings could read the environment and the folders of the reader."""
    monkeypatch.setenv("ICV_TEST_SECRET", "hunter2hunter2")
    folder = write_run(tmp_path, CELL, status="running")
    config = json.loads((folder / ".hydra" / "config.yaml").read_text())
    for text in ("${model.embedding_dim}", "${oc.env:ICV_TEST_SECRET}", "${count_classes:/etc}"):
        config["model"]["net"]["embedding_dim"] = text
        (folder / ".hydra" / "config.yaml").write_text(json.dumps(config))
        run = only(tmp_path)
        assert run.config == {}
        assert "holds the interpolation" in run.cause
        assert "hunter2" not in str(run)
    shutil.rmtree(folder)
    folder = write_run(tmp_path, CELL, metrics=same(0.9), data__batch_size="${oc.env:ICV_TEST_SECRET}")
    assert (only(tmp_path).status, only(tmp_path).config) == ("failed", {})


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"status": "completed"}', '{"status": "completed", "cell": 3}']
)
def test_results_that_cannot_be_read_are_a_failure(tmp_path, text):
    folder = write_run(tmp_path, CELL)
    (folder / "results.json").write_text(text)
    run = only(tmp_path)
    assert (run.status, run.cell) == ("failed", CELL)
    assert run.cause.startswith("results.json")


@pytest.mark.parametrize("text", ["", "{", "a: ${nothing}", "data: ${oops:}"])
def test_a_configuration_that_cannot_be_read_is_empty(tmp_path, text):
    folder = write_run(tmp_path, CELL, status="running")
    (folder / ".hydra" / "config.yaml").write_text(text)
    assert only(tmp_path).config == {}


def test_other_folders_are_no_runs(tmp_path, caplog):
    write_run(tmp_path, CELL, metrics=same(0.9))
    for name in ("report", "wandb", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "report" / "index.html").write_text("")
    (tmp_path / "report" / "results.json").write_text("[]")
    with caplog.at_level("WARNING"):
        assert len(read_runs([tmp_path])) == 1
    assert not caplog.messages


def test_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(UserError, match="nowhere: no such folder; give the folder of a grid"):
        read_runs([tmp_path / "nowhere"])


def test_an_empty_folder_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"no run in it; a run is a folder with results\.json"):
        read_runs([tmp_path])
