"""docs/own_pictures.md, command by command, on fewer pictures."""

import csv
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from icv_lightning.records.results import read_results
from tests.conftest import ROOT

TRAIN, TEST = 60, 12  # pictures of each class
FEWER = {
    "data.val_size=500": "data.val_size=50",
    "data.train_size=2500": "data.train_size=200",
    "trainer.max_epochs=4": "trainer.max_epochs=2 model.net.widths=[8,8]",
}


@pytest.fixture
def archive(data_root: Path, tmp_path: Path) -> Path:
    """A folder with an archive as the page has it, of few pictures."""
    source = data_root / "cifar10_pictures.tar.xz"
    if not source.exists():
        pytest.skip("needs cifar10_pictures.tar.xz")
    place, kept = tmp_path / "data", Counter[str]()
    place.mkdir()
    with (
        tarfile.open(source, "r|xz") as whole,
        tarfile.open(place / source.name, "w:xz", preset=0) as few,
    ):
        for member in whole:
            folder = str(Path(member.name).parent)
            kept[folder] += member.isfile()
            if member.isfile() and kept[folder] <= (TRAIN if "train" in folder else TEST):
                few.addfile(member, whole.extractfile(member))
    return place


@pytest.mark.slow
def test_every_command_of_the_page_runs(archive: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "own_pictures.md").read_text()
    [elsewhere] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    text = "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL))
    for whole, fewer in FEWER.items():
        assert whole in text
        text = text.replace(whole, fewer)
    commands = [["bash", "-c", line] for line in text.splitlines()]
    assert len(commands) == 12
    surroundings = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    surroundings |= {"PYTHONPATH": str(ROOT), "ICV_DATA": str(archive), "XDG_CACHE_HOME": str(tmp_path)}
    done = [
        subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=1000)
        for command in [*commands, [sys.executable, "-c", elsewhere]]
    ]
    for found in done:
        assert found.returncode == 0, f"{found.args[-1]}\n{found.stdout}\n{found.stderr}"
    assert (tmp_path / "outputs" / "mine" / "report" / "index.html").exists()
    [run] = [path.parent for path in tmp_path.glob("outputs/mine/*/results.json")]
    assert (read_results(run) or {})["weights"] == "best"
    rows = list(csv.DictReader((tmp_path / "classes.csv").open()))
    assert len(rows) == len(np.load(tmp_path / "vectors.npz")["embeddings"]) == 5 * TEST
    assert re.search(rf"\d+ of {TEST} pictures of unknown kinds are rejected", done[7].stderr)
    trucks = list(csv.DictReader((tmp_path / "trucks.csv").open()))
    assert len(trucks) == TEST
    assert "truck" in {row["nearest"] for row in trucks}
    assert list(tmp_path.glob("outputs/mine/*/checkpoints/best.onnx"))
    assert done[-1].stdout == f"{5 * TEST} of {5 * TEST} answers are equal\n"
