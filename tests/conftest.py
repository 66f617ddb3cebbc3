"""What tests share: where the real data are, and runs of the command, in this process or a fresh one."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from icv_lightning import run

ROOT = Path(__file__).resolve().parent.parent
TINY = (
    "data=digits",
    "data.batch_size=64",
    "model.net.widths=[4,4]",
    "model.net.hidden=16",
    "~callbacks.progress",
)

settings.register_profile("project", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data sets; tests that need it skip where it is absent."""
    root = Path(os.environ.get("ICV_DATA", ROOT.parent / "shared" / "data"))
    if not (root / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").exists():
        pytest.skip("needs the original MNIST archives: set ICV_DATA to a folder that holds MNIST/raw")
    return root


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m <module> arguments…` in an empty folder, as a user does; no data folder is set."""

    def start(
        *arguments: str, module: str = "icv_lightning.run", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        surroundings = {key: value for key, value in os.environ.items() if key != "ICV_DATA"}
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=tmp_path, env=surroundings | environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    return start


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the command's `main` here with arguments, in an empty folder; gives its exit status.

    A tiny network on digits, unless the first argument is "as_is".
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICV_DATA", raising=False)

    def call(*arguments: str) -> int:
        given = arguments[1:] if arguments[:1] == ("as_is",) else (*arguments, *TINY)
        monkeypatch.setattr(sys, "argv", ["run", *given])
        run.failures.clear()
        with pytest.raises(SystemExit) as end:
            run.main()
        return int(end.value.code or 0)

    return call


def cells(outputs: Path) -> list[Path]:
    """Return the run folders below `outputs`, by name."""
    return sorted(path.parent for path in outputs.glob("*/*/results.json"))
