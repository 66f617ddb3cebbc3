import json

import pytest

from icv_lightning.records.places import data_settings
from icv_lightning.records.results import read_results, write_results


def write_run(folder, given, resolved):
    folder.mkdir()
    write_results(folder, {"status": "completed", "config": {"data": resolved}})
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").write_text(json.dumps({"data": given}))  # JSON is YAML
    return folder


def test_a_record_holds_no_place_and_no_account(tmp_path):
    config = {
        "name": "mine", "ckpt_path": "/home/ann/a/last.ckpt", "paths": {"outputs": "/home/ann/outputs"},
        "logger": {"wandb": {"entity": "ann"}}, "data": {"root": "/home/ann/pictures", "classes": [1, 2]},
        "model": {"net": {"weights": r"C:\Users\ann\net.pt", "widths": [32, 64]}}, "home": "~/data",
    }  # fmt: skip
    write_results(tmp_path, {"config": config})
    assert "ann" not in (tmp_path / "results.json").read_text()
    assert read_results(tmp_path) == {
        "config": {
            "name": "mine", "ckpt_path": "last.ckpt", "data": {"root": "pictures", "classes": [1, 2]},
            "model": {"net": {"weights": "net.pt", "widths": [32, 64]}}, "home": "data",
        }
    }  # fmt: skip


def test_relative_paths_stay(tmp_path):
    write_results(tmp_path, {"config": {"data": {"root": "pictures/mine"}}})
    assert read_results(tmp_path) == {"config": {"data": {"root": "pictures/mine"}}}


def test_the_given_path_is_found_again_from_the_runs_folder(tmp_path):
    resolved = {"root": "/home/ann/pictures", "folder": "/home/ann/pictures", "name": "image_folder"}
    found = data_settings(write_run(tmp_path / "run", resolved, resolved))
    assert found == resolved


def test_a_record_without_settings_has_this_machines_root(tmp_path, monkeypatch):
    run = write_run(tmp_path / "run", {}, {"root": "/home/ann/data"})
    (run / ".hydra" / "config.yaml").unlink()
    monkeypatch.setenv("ICV_DATA", "/mnt/data")
    assert data_settings(run)["root"] == "/mnt/data"
    monkeypatch.delenv("ICV_DATA")
    assert data_settings(run)["root"] == "data"


ORL = {"root": "/home/ann/data", "cache": "/tmp/c", "about": {"pictures": "/home/ann/data/orl_faces"}}


def test_the_place_of_the_pictures_is_found_again_and_moves_with_the_root(tmp_path):
    run = write_run(tmp_path / "run", ORL, ORL)
    assert data_settings(run) == ORL
    moved = {"root": "/mnt", "cache": "/tmp/c", "about": {"pictures": "/mnt/orl_faces"}}
    assert data_settings(run, "/mnt") == moved


def test_pictures_of_a_record_without_settings_lie_below_this_machines_root(tmp_path, monkeypatch):
    run = write_run(tmp_path / "run", {}, ORL)
    (run / ".hydra" / "config.yaml").unlink()
    monkeypatch.setenv("ICV_DATA", "/mnt/data")
    assert data_settings(run)["about"] == {"pictures": "/mnt/data/orl_faces"}


@pytest.mark.parametrize("given", ["/home/ann/pictures", "pictures"])
@pytest.mark.parametrize("kept", [True, False])  # the settings in the run's folder
def test_a_folder_of_pictures_moves_whole(tmp_path, monkeypatch, given, kept):
    settings = {"root": given, "folder": given, "name": "pictures", "about": {"pictures": given, "notes": []}}
    run = write_run(tmp_path / "run", settings, settings)
    if not kept:
        (run / ".hydra" / "config.yaml").unlink()
    monkeypatch.setenv("ICV_DATA", "/mnt/data")  # where data sets lie, and no pictures of one's own
    found = data_settings(run)
    assert found["root"] == found["folder"] == found["about"]["pictures"] == (given if kept else "pictures")
    assert data_settings(run, "/mnt") == {
        "root": "/mnt", "folder": "/mnt", "name": "pictures", "about": {"pictures": "/mnt", "notes": []}
    }  # fmt: skip


def test_nothing_of_a_strangers_configuration_is_resolved(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "/s3cret")
    run = write_run(
        tmp_path / "run", {"root": "${oc.env:SECRET}", "name": "${oc.env:SECRET}"}, {"name": "/x/y"}
    )
    assert data_settings(run) == {"name": "y"}


@pytest.mark.parametrize("text", ["", "data: [1", "data: 3", "- 1", "a: ${oc.env:HOME}"])
def test_a_configuration_that_cannot_be_read_gives_no_place(tmp_path, text, monkeypatch):
    monkeypatch.delenv("ICV_DATA", raising=False)
    run = write_run(tmp_path / "run", {}, {"root": "/home/ann/data"})
    (run / ".hydra" / "config.yaml").write_text(text)
    assert data_settings(run) == {"root": "data"}


def test_no_record_no_settings(tmp_path):
    assert data_settings(tmp_path) == {}
