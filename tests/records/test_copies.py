import json

import pytest

from icv_lightning.records.copies import FILES, copy_record, take_record


def write_record(folder, status="completed", config_hash="abc"):
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps({"status": status, "config_hash": config_hash}))
    (folder / "metrics.csv").write_text("epoch\n")
    (folder / "measured.npz").write_bytes(b"bits")
    (folder / "run.log").write_text("of the machine")
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_record_is_three_files(tmp_path):
    copy_record(write_record(tmp_path / "a"), tmp_path / "b")
    assert names(tmp_path / "b") == sorted(FILES)
    assert (tmp_path / "b" / "measured.npz").read_bytes() == b"bits"


def test_a_completed_record_of_equal_settings_is_taken(tmp_path):
    write_record(tmp_path / "records" / "cell")
    assert take_record(tmp_path / "records", tmp_path / "outputs" / "cell", "abc")
    assert names(tmp_path / "outputs" / "cell") == sorted(FILES)


@pytest.mark.parametrize("record", [{"status": "failed"}, {"config_hash": "other"}])
def test_another_record_is_not(tmp_path, record):
    write_record(tmp_path / "records" / "cell", **record)
    assert not take_record(tmp_path / "records", tmp_path / "outputs" / "cell", "abc")
    assert names(tmp_path / "outputs" / "cell") == []


def test_what_was_completed_here_stays(tmp_path):
    write_record(tmp_path / "records" / "cell")
    here = write_record(tmp_path / "outputs" / "cell")
    (here / "measured.npz").write_bytes(b"own")
    assert not take_record(tmp_path / "records", here, "abc")
    assert (here / "measured.npz").read_bytes() == b"own"


def test_no_records_no_copy(tmp_path):
    assert not take_record(None, tmp_path / "cell", "abc")
    assert not take_record(tmp_path / "records", tmp_path / "cell", "abc")
