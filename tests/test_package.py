"""The package as it is installed and imported."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import icv_lightning
from icv_lightning.configuration.__main__ import tables
from tests.conftest import ROOT


def test_every_public_name_loads() -> None:
    for name in icv_lightning.__all__:
        assert getattr(icv_lightning, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="No icv_lightning attribute CentreLoss"):
        _ = icv_lightning.CentreLoss


def test_the_readme_s_loop_runs_and_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    loops = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    loop = next(code for code in loops if "IntraClassVarianceLoss" in code)
    assert len(loop.splitlines()) < 20
    exec(compile(loop, "README.md", "exec"), {})
    assert float(capsys.readouterr().out.split()[-1]) > 0.8


def test_the_documented_keys_are_those_of_the_table() -> None:
    """Mend it by the output of `python -m icv_lightning.configuration`."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    for table in "\n".join(tables()).split("\n\n"):
        assert table in text


@pytest.mark.slow
def test_an_installed_wheel_runs_from_an_empty_folder(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels, site, empty = tmp_path / "wheels", tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT], check=True)
    subprocess.run([*pip, "install", "--no-deps", "--target", site, *wheels.iterdir()], check=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = subprocess.run(
        [sys.executable, "-c", "import icv_lightning as p; print(p.__file__)"],
        cwd=empty, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(site)
    run = [sys.executable, "-m", "icv_lightning.run", "experiment=smoke", "trainer.max_epochs=1"]
    result = subprocess.run(run, cwd=empty, env=environment, capture_output=True, text=True, check=True)
    assert "nearest centroid" in result.stdout
    assert len(list(empty.glob("outputs/smoke/digits-*/results.json"))) == 1
