"""A cell's folder, written as a run writes it."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture
def config(tmp_path: Path):
    """Make what a display reads of a checked cell in the folder `name`, which is its hash too."""

    def make(name: str, epochs: int = 4, force: bool = False) -> SimpleNamespace:
        folder = tmp_path / "grid" / name
        settings = {"paths": {"run": str(folder)}, "trainer": {"max_epochs": epochs}, "force": force}
        return SimpleNamespace(folder=folder, config=settings, hash=name)

    return make


def start(folder: Path) -> None:
    (folder / ".hydra").mkdir(parents=True, exist_ok=True)
    stamped(folder / ".hydra" / "overrides.yaml", "[]")


def finish(folder: Path, status: str = "completed", hash: str | None = None, **more: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results = {"status": status, "config_hash": hash or folder.name, "seconds": 2.0, "metrics": {}, **more}
    stamped(folder / "results.json", json.dumps(results))


def stamped(path: Path, text: str) -> None:
    """Write a file whose time differs from that before, however coarse the clock."""
    before = path.stat().st_mtime_ns if path.exists() else 1_000_000_000
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000_000,) * 2)


def rows(folder: Path, epochs: int) -> None:
    (folder / "metrics.csv").write_text("epoch\n" + "".join(f"{k + 1}\n" for k in range(epochs)))
