"""One cell: what fails ends no other, and no results are overwritten by mistake."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from icv_lightning.records.results import read_results
from tests.conftest import cells

Main = Callable[..., int]


def test_a_record_from_elsewhere_counts_as_a_completed_run(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main("trainer.max_epochs=1", "paths.outputs=there") == 0
    (there,) = cells(tmp_path / "there")
    record = tmp_path / "records" / there.name
    record.mkdir(parents=True)
    for name in ("results.json", "metrics.csv", "measured.npz"):
        (record / name).write_bytes((there / name).read_bytes())
    monkeypatch.setattr("icv_lightning.run.job.train", None)  # would fail if called
    assert main("-m", "trainer.max_epochs=1", "paths.outputs=here", "paths.records=records") == 0
    (here,) = cells(tmp_path / "here")
    assert json.loads((here / "results.json").read_text()) == json.loads((there / "results.json").read_text())
    assert (here / "measured.npz").exists()
    assert main("trainer.max_epochs=1", "paths.records=nowhere") == 2
    assert "paths.records=nowhere: there is no such folder" in capsys.readouterr().err


def test_a_failing_cell_stops_no_other_and_shows_no_traceback(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from icv_lightning.losses import CombinedLoss

    forward = CombinedLoss.forward

    def fail(self: CombinedLoss, *tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.weight == 0.5:
            raise RuntimeError("out of memory")
        return forward(self, *tensors)

    with monkeypatch.context() as patch:
        patch.setattr(CombinedLoss, "forward", fail)
        assert main("-m", "loss.lambda=0.1,0.5,0.2", "trainer.max_epochs=1") == 1
    status = {f.name.split("-")[3]: (read_results(f) or {})["status"] for f in cells(tmp_path / "outputs")}
    assert status == {"l0.1": "completed", "l0.2": "completed", "l0.5": "failed"}
    output = capsys.readouterr()
    assert "Traceback" not in output.err + output.out
    assert output.err.count("RuntimeError: out of memory") == 1  # at once
    assert output.out.count("RuntimeError: out of memory") == 1  # and below the table
    assert "the same command goes on" in output.out

    assert main("-m", "loss.lambda=0.1,0.5,0.2", "trainer.max_epochs=1") == 0
    assert capsys.readouterr().out.count("already completed") == 2  # and the failed one is tried again


def test_a_cell_that_cannot_start_in_a_grid_leaves_its_cause(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("-m", "data.image_size=28,3", "trainer.max_epochs=1") == 1
    results = [read_results(folder) or {} for folder in cells(tmp_path / "outputs")]
    assert sorted(found["status"] for found in results) == ["completed", "failed"]
    (cause,) = (found["cause"] for found in results if found["status"] == "failed")
    assert cause.startswith("UserError: ")
    assert "image_size must be at least 4" in cause
    assert cause in capsys.readouterr().out


def test_results_of_another_configuration_are_never_overwritten(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    found = (folder / "results.json").read_text()
    hash8 = folder.name.rsplit("-", 1)[1]
    foreign = found.replace(f'"config_hash": "{hash8}', '"config_hash": "00000000')
    assert foreign != found
    (folder / "results.json").write_text(foreign)
    assert main("trainer.max_epochs=1", "force=true") == 2
    assert "holds the results of another configuration" in capsys.readouterr().err
    assert (folder / "results.json").read_text() == foreign


def test_a_cell_is_done_again_by_force_alone(main: Main, tmp_path: Path) -> None:
    assert main("trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    first = read_results(folder)
    assert main("trainer.max_epochs=1", "force=true") == 0
    (again,) = cells(tmp_path / "outputs")
    second = read_results(again)
    assert again == folder
    assert first is not None
    assert second is not None
    assert second["seconds"] != first["seconds"]
    assert second["metrics"] == first["metrics"]  # same seed, same machine: same numbers
