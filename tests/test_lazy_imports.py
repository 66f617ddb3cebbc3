"""Importing the package costs nothing, and every public name is there."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import icv_lightning
from tests.conftest import PATIENCE

LIGHT = ", ".join(
    f"icv_lightning.{name}"
    for name in (
        "configuration.identity",
        "configuration.checks",
        "declarations.settings",
        "run.__main__",
        "records.runs",
    )
)


def test_settings_are_checked_without_torch_and_lightning():
    code = f"import sys, {LIGHT}; print(*sorted({{'torch', 'lightning', 'torchmetrics'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", icv_lightning.__all__)
def test_every_public_name_is_there_and_of_this_package(name):
    found = getattr(icv_lightning, name)
    assert found.__name__ == name
    assert found.__module__.startswith("icv_lightning.")
    assert found.__doc__


FILES = {path.stem for path in Path(icv_lightning.__file__).parent.rglob("*.py")}
LAZY = [path.parent for path in Path(icv_lightning.__file__).parent.rglob("__init__.pyi")]


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Let a test import the package anew; the others go on with what they have."""
    kept = {name: module for name, module in sys.modules.items() if name.startswith("icv_lightning")}
    yield
    forget()
    sys.modules.update(kept)


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("icv_lightning")]:
        del sys.modules[name]


@pytest.mark.parametrize("folder", LAZY, ids=lambda folder: folder.name)
def test_no_function_becomes_its_module_whichever_name_is_loaded_first(folder: Path, forgotten: None):
    """Importing a file sets its name in the package: to the module, where a function is called like it."""
    package = ".".join(folder.relative_to(Path(icv_lightning.__file__).parent.parent).parts)
    names = importlib.import_module(package).__all__
    for first in names:
        for second in FILES.intersection(names) - {first}:
            forget()
            loaded = importlib.import_module(package)
            getattr(loaded, first)
            assert not isinstance(getattr(loaded, second), ModuleType), f"{package}: {first}, then {second}"


def test_names_are_listed():
    assert set(icv_lightning.__all__) <= set(dir(icv_lightning))


def test_from_import_works():
    from icv_lightning import LearnedCentroids, intra_class_variance

    assert callable(intra_class_variance)
    assert LearnedCentroids(2, 1)().shape == (2, 1)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="No icv_lightning attribute CenterLoss"):
        icv_lightning.CenterLoss  # noqa: B018
    with pytest.raises(ImportError):
        from icv_lightning import CenterLoss  # noqa: F401


def test_the_version_stands_in_the_package_alone():
    """The build takes it from there; the citation, which no tool writes, must agree."""
    import tomllib

    root = Path(__file__).parent.parent
    assert "version" in tomllib.loads((root / "pyproject.toml").read_text())["project"]["dynamic"]
    assert f"\nversion: {icv_lightning.__version__}\n" in (root / "CITATION.cff").read_text()
