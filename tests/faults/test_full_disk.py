"""Commands beside `run` on a disk without room: one line, status 1, nothing half-written."""

import os
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning import enroll
from icv_lightning.report import __main__ as report
from icv_lightning.search import __main__ as search
from tests.report.grid import PAPER_CELLS, embed, same, write_run


def fill(disk: Path) -> None:
    free = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * (free.f_bavail * free.f_frsize))


def one_line(text: str) -> None:
    """Expect one error; a warning of an odd picture may stand before it."""
    *warnings, line = text.splitlines()
    assert all(warning.startswith("warning: ") or "unlike" in warning for warning in warnings), warnings
    assert line.startswith("error: ")
    assert "No space left on device" in line or "disk is full" in line


def test_report(disk, started, capsys):
    write_run(disk, PAPER_CELLS[0], 0, same(0.9), epochs=1, snapshots=[embed(PAPER_CELLS[0], 0, 60, 40)])
    fill(disk)
    assert started(report, disk) == 1
    one_line(capsys.readouterr().err)
    assert list(disk.rglob("*.part")) == []


def test_enroll(disk, own_checkpoint, started, capsys, tmp_path):
    moved = disk / "last.ckpt"
    moved.write_bytes(own_checkpoint.read_bytes())
    Image.new("L", (28, 28), 90).save(tmp_path / "a.png")
    fill(disk)
    assert started(enroll, "--checkpoint", moved, "--name", "paper", tmp_path / "a.png") == 1
    one_line(capsys.readouterr().err)
    assert sorted(path.name for path in disk.iterdir()) == ["filler", "last.ckpt"]


def test_search(disk, started, capsys, monkeypatch, tmp_path):
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    fill(disk)
    given = ["search=lambda_dim", "data=digits", "data.val_size=300", "name=look", f"paths.outputs={disk}"]
    assert started(search, *given) in (1, 2)
    one_line(capsys.readouterr().err)
