"""A record converted: under the name that its settings have now, complete, with no path of a machine."""

import json
import shutil
from pathlib import Path

import pytest

from experiments.convert_records import LARGEST, convert, size
from icv_lightning.errors import UserError
from icv_lightning.records.runs import Run, read_runs
from tests.conftest import ROOT

RECORDS = ROOT / "docs" / "results" / "paper_grid" / "runs"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Return a copy of a complete record, under another name."""
    source = min(RECORDS.iterdir())
    return Path(shutil.copytree(source, tmp_path / "runs" / f"{source.name.rpartition('-')[0]}-00000000"))


def only(folder: Path) -> Run:
    (run,) = read_runs([folder.parent])
    return run


def test_a_complete_record_is_copied_under_the_name_of_its_settings(record, tmp_path):
    made = convert(only(record), tmp_path / "home", commit="abc")
    assert made.name == min(RECORDS.iterdir()).name
    assert {path.name for path in made.iterdir()} == {"results.json", "metrics.csv", "measured.npz"}
    assert 0 < size(made) <= LARGEST
    before, after = (json.loads((place / "results.json").read_text()) for place in (record, made))
    assert after["commit"] == "abc"
    assert (after["cell"], after["metrics"]) == (before["cell"], before["metrics"])
    assert after["config_hash"].startswith(made.name.rpartition("-")[2])
    assert only(made).curves.equals(only(record).curves)


def test_without_measures_and_without_a_snapshot_nothing_can_be_made_of_it(record, tmp_path):
    (record / "measured.npz").unlink()
    with pytest.raises(UserError, match="no snapshot of its last epoch; only runs with one can be converted"):
        convert(only(record), tmp_path / "home")
