"""What tests share: where the real data are, and a run of the command in a fresh process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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

    def run(
        *arguments: str, module: str = "icv_lightning.run", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        surroundings = {key: value for key, value in os.environ.items() if key != "ICV_DATA"}
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=tmp_path, env=surroundings | environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    return run
