"""The package as it is installed and imported."""

import os
import re
import subprocess
import sys
import tomllib
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


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site-packages of an environment that holds the wheel alone."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = folder / "wheels"
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "environment"], check=True)
    (site,) = folder.glob("environment/lib/python*/site-packages")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, *wheels.iterdir()], check=True)
    return site


@pytest.mark.slow
def test_an_installed_wheel_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = subprocess.run(
        [sys.executable, "-c", "import icv_lightning as p; print(p.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(installed)
    run = [sys.executable, "-m", "icv_lightning.run", "experiment=smoke", "trainer.max_epochs=1"]
    result = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "nearest centroid" in result.stdout
    assert len(list(tmp_path.glob("outputs/smoke/digits-*/results.json"))) == 1


@pytest.mark.slow
def test_a_type_checker_reads_the_installed_wheel_s_types(installed: Path, tmp_path: Path) -> None:
    """Without py.typed mypy would find no types there, and neither of the two mistakes."""
    (tmp_path / "script.py").write_text(
        "from icv_lightning import EmbeddingModel, LearnedCentroids, intra_class_variance\n"
        "centroids = LearnedCentroids(num_classes=10, embedding_dim=2)\n"
        "model: EmbeddingModel = EmbeddingModel.load('last.ckpt', device='cpu')\n"
        "centroids = LearnedCentroids('ten', 2)\n"
        "intra_class_variance(centroids())\n"
    )
    python = installed.parents[2] / "bin" / "python"
    surroundings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--python-executable", python, "script.py"]
    done = subprocess.run(mypy, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
    *errors, last = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in errors] == ["script.py:4", "script.py:5"], done.stdout
    assert "[arg-type]" in errors[0]
    assert "[call-arg]" in errors[1]
    assert last.startswith("Found 2 errors in 1 file")


def test_every_extra_that_is_named_exists() -> None:
    """In messages of the code, in conf/ and in documents: whoever follows one must come somewhere."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    files = [*ROOT.glob("icv_lightning/**/*.py"), *ROOT.glob("conf/**/*.yaml"), *ROOT.glob("docs/**/*.md")]
    for path in (*files, ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for named in re.findall(r"(?:icv-lightning|'\.)\[([\w,-]+)\]", path.read_text()):
            assert set(named.split(",")) <= set(extras), path
