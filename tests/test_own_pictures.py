"""docs/own_pictures.md, command by command."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "own_pictures.md").read_text()
    [pictures] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    commands = "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)).splitlines()
    assert len(commands) == 7
    surroundings = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    surroundings["PYTHONPATH"] = str(ROOT)
    outputs = []
    for command in [[sys.executable, "-c", pictures], *(["bash", "-c", line] for line in commands)]:
        done = subprocess.run(
            command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=1000
        )
        assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"
        outputs.append(done.stdout)
    assert (tmp_path / "outputs" / "mine" / "report" / "index.html").exists()
    with (tmp_path / "classes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 240
    assert np.mean([Path(row["file"]).parent.name == row["class"] for row in rows]) > 0.9
    assert len(re.findall(r"│ seven +│", outputs[6])) > 3  # of ten that were not enrolled
    assert list(tmp_path.glob("outputs/mine/*/checkpoints/last.onnx"))
