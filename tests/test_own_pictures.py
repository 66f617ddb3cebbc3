"""docs/own_pictures.md, command by command, on fewer pictures."""

import csv
import importlib
import io
import re
import shlex
import subprocess
import sys
import tarfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from glob import glob
from pathlib import Path

import numpy as np
import pytest

from icv_lightning.records.results import read_results
from tests.conftest import ROOT

TRAIN, TEST = 40, 12  # pictures of each class
FEWER = {
    "data.val_size=500": "data.val_size=30",
    "data.train_size=2500": "data.train_size=128",
    "trainer.max_epochs=4": "trainer.max_epochs=2 model.net.widths=[4,4] model.net.hidden=16",
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


def typed(line: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Do what a line of the page says, its commands of Python in this process; return what stderr said."""
    if not line.startswith("python -m "):
        return subprocess.run(["bash", "-c", line], check=True, capture_output=True, text=True).stderr
    line, _, file = line.partition(" > ")
    module, *words = shlex.split(line)[2:]
    monkeypatch.setattr(sys, "argv", [module, *(path for word in words for path in glob(word) or [word])])
    package = importlib.import_module(module)
    command = importlib.import_module(f"{module}.__main__") if hasattr(package, "__path__") else package
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error), pytest.raises(SystemExit) as end:
        command.main()
    assert not end.value.code, f"{line}\n{out.getvalue()}\n{error.getvalue()}"
    if file:
        Path(file).write_text(out.getvalue())
    return error.getvalue()


@pytest.mark.slow
def test_every_command_of_the_page_runs(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "own_pictures.md").read_text()
    [elsewhere] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    text = "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL))
    for whole, fewer in FEWER.items():
        assert whole in text
        text = text.replace(whole, fewer)
    assert len(text.splitlines()) == 12
    monkeypatch.chdir(tmp_path)
    for key, value in {"ICV_DATA": archive, "XDG_CACHE_HOME": tmp_path}.items():
        monkeypatch.setenv(key, str(value))
    said = "".join(typed(line, monkeypatch) for line in text.splitlines())
    assert re.search(rf"\d+ of {TEST} pictures of unknown kinds are rejected", said)
    assert Path("outputs/mine/report/index.html").exists()
    [run] = [path.parent.parent for path in Path("outputs/mine").glob("*/checkpoints/best.ckpt")]
    assert (read_results(run) or {})["weights"] == "best"
    rows = list(csv.DictReader(io.StringIO(Path("classes.csv").read_text())))
    assert len(rows) == len(np.load("vectors.npz")["embeddings"]) == 5 * TEST
    trucks = list(csv.DictReader(io.StringIO(Path("trucks.csv").read_text())))
    assert len(trucks) == TEST
    assert "truck" in {row["nearest"] for row in trucks}
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(elsewhere, "own_pictures.md", "exec"), {})
    assert printed.getvalue() == f"{5 * TEST} of {5 * TEST} answers are equal\n"
