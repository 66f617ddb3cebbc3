"""A completed record stays, whatever happens, until another is completed."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.records.results import place_again, read_results
from icv_lightning.run import __main__ as run
from icv_lightning.run import retraining, summary
from tests.conftest import TINY, cells

Main = Callable[..., int]
ONE = "trainer.max_epochs=1"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of a completed run; to be left as they are."""
    folder = tmp_path_factory.mktemp("completed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["run", ONE, *TINY])
        with pytest.raises(SystemExit):
            run.main()
    return folder / "outputs"


@pytest.fixture
def completed(main: Main, outputs: Path, tmp_path: Path) -> Path:
    """The folder of a copy of it."""
    shutil.copytree(outputs, tmp_path / "outputs")
    (folder,) = cells(tmp_path / "outputs")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Return the record in a run's folder; what Hydra writes at each start is none."""
    kept = (path for path in folder.rglob("*") if path.is_file() and ".hydra" not in path.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in kept if p.name not in ("run.log", ".lock")}


def test_what_cannot_be_shown_changes_no_record(main: Main, completed: Path, monkeypatch, capsys) -> None:
    def fail(*_: object) -> None:
        raise OSError("no terminal")

    before = files(completed)
    monkeypatch.setattr(summary, "show", fail)
    assert main(ONE) == 1
    assert capsys.readouterr().err.endswith("error: OSError: no terminal\n")
    assert files(completed) == before


@pytest.mark.parametrize("grid", [(), ("-m",)])
def test_a_lock_that_is_a_folder_changes_no_record(main: Main, completed: Path, grid, capsys) -> None:
    before = files(completed)
    (completed / ".lock").unlink()
    (completed / ".lock").mkdir()
    assert main(*grid, ONE) == 2
    assert ".lock is a folder, and must be a file" in capsys.readouterr().err
    assert files(completed) == before


@pytest.mark.parametrize("key", ["metrics", "seconds", "cell"])
@pytest.mark.parametrize("grid", [(), ("-m",)])
def test_results_that_lack_something_are_shown_all_the_same(
    main: Main, completed: Path, key, grid, capsys
) -> None:
    results = read_results(completed) or {}
    del results[key]
    (completed / "results.json").write_text(json.dumps(results))
    before = files(completed)
    assert main(*grid, ONE) == 0
    assert "completed" in capsys.readouterr().out
    assert files(completed) == before


def test_a_failed_try_by_force_leaves_the_record(main: Main, completed: Path, monkeypatch, capsys) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    before = files(completed)
    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", fail)
        assert main(ONE, "force=true") == 1
        assert main("-m", ONE, "force=true") == 1
    said = capsys.readouterr()
    assert said.err.count("RuntimeError: power cut") == 2
    again = place_again(completed)
    assert (read_results(again) or {})["status"] == "failed"
    assert {k: v for k, v in files(completed).items() if not k.startswith(".again")} == before
    assert main(ONE, "force=true") == 0
    assert not again.parent.exists()


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit()])
def test_a_try_by_force_that_is_stopped_says_what_stays(
    main: Main, completed: Path, monkeypatch, capsys, end
) -> None:
    def stop(*_: object) -> None:
        raise end

    before = files(completed)
    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", stop)
        assert main(ONE, "force=true") == 130
    assert (
        "the same command starts anew; without force=true, what was completed stays"
        in capsys.readouterr().err
    )
    assert {k: v for k, v in files(completed).items() if not k.startswith(".again")} == before
    assert main(ONE) == 0
    assert "already completed" in capsys.readouterr().out


def test_a_run_done_again_takes_the_place_of_all_files(main: Main, completed: Path, tmp_path: Path) -> None:
    (completed / "results.json").write_text((completed / "results.json").read_text() + "\n")
    stray = completed / "embeddings" / "epoch_077.npz"
    stray.write_bytes(b"old")
    pictures = tmp_path / "outputs" / "runs" / "images-digits.npz"
    before, shown = files(completed), pictures.stat().st_ino
    assert main(ONE, "force=true") == 0
    after = files(completed)
    assert after.keys() == before.keys() - {"embeddings/epoch_077.npz"}
    assert after["results.json"] != before["results.json"]
    assert after["metrics.csv"] == before["metrics.csv"]
    assert pictures.stat().st_ino != shown
    assert b".again" not in after["results.json"]  # the record names no place, least of all that of the try
    assert not (completed / ".again").exists()


def test_a_kill_while_the_place_is_taken_is_made_good(main: Main, completed: Path, monkeypatch) -> None:
    """At every step: results.json stays completed, and the next start ends what was begun."""
    from icv_lightning.run.retraining import take_place

    for step in range(1, 30):
        again = place_again(completed)
        again.mkdir(parents=True, exist_ok=True)
        for name in ("checkpoints", "embeddings"):
            (again / name).mkdir()
            (again / name / "new").write_text(str(step))
        record = (read_results(completed) or {}) | {"seconds": step}
        (again / "results.json").write_text(json.dumps(record))
        calls = []

        def struck(original, calls=calls, step=step):
            def call(*arguments, **options):
                calls.append(1)
                if len(calls) == step:
                    raise KeyboardInterrupt
                return original(*arguments, **options)

            return call

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", struck(Path.rename))
            patch.setattr(Path, "replace", struck(Path.replace))
            patch.setattr(retraining.shutil, "rmtree", struck(retraining.shutil.rmtree))
            try:
                take_place(completed)
                ended = True
            except KeyboardInterrupt:
                ended = False
        assert (read_results(completed) or {})["status"] == "completed"
        assert main(ONE) == 0  # finds what was begun
        assert (read_results(completed) or {})["seconds"] == step
        assert (completed / "checkpoints" / "new").read_text() == str(step)
        assert not any(again.parent.glob("*/*"))
        if ended:
            break
    assert 4 < step < 29


def test_a_grid_by_force_shows_the_epochs_of_the_new_try(main: Main, completed: Path, capsys) -> None:
    assert main("-m", ONE, "force=true") == 0
    assert "completed in" in capsys.readouterr().err
    assert not (completed / ".again").exists()
    assert os.path.exists(completed / "checkpoints" / "last.ckpt")
