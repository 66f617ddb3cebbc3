"""The tutorials of the site, run as a reader would, without the site."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r'^```(bash|python) exec="1".*?\n(.*?)^```', re.MULTILINE | re.DOTALL)
LEFT = {
    "first_run": "outputs/first/report/index.html",
    "own_pictures": "outputs/mine/*/checkpoints/*.onnx",
    "unseen_classes": "outputs/seven/unseen/results.csv",
}


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs_in_an_empty_folder(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    surroundings = os.environ | {"PATH": python, "PYTHONPATH": str(ROOT)}
    names: dict[str, Any] = {}
    blocks = BLOCK.findall(path.read_text())
    assert blocks
    for language, code in blocks:
        if language == "bash":
            subprocess.run(["bash", "-c", code], env=surroundings, check=True, capture_output=True)
        else:
            exec(compile(code, str(path), "exec"), names)
    if path.stem in LEFT:
        assert list(tmp_path.glob(LEFT[path.stem]))
