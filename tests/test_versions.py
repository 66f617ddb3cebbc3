"""The lowest versions that pyproject.toml allows, as `make oldest` installs them."""

from pathlib import Path

import pytest

from tests.versions import lowest


def test_each_requirement_and_extra_stands_once_at_its_bound(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text("""
[project]
name = "here"
dependencies = ["torch>=2.11", "lightning>=2.6,<2.7"]
[project.optional-dependencies]
a = ["onnx>=1.17", "torch>=2.11"]
dev = ["here[a]", "ray[default]>=2.50.0"]
""")
    assert lowest(project) == ["lightning==2.6", "onnx==1.17", "ray==2.50.0", "torch==2.11"]


def test_a_requirement_without_a_bound_is_an_error(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nname = "here"\ndependencies = ["torch<3"]\noptional-dependencies = {}\n')
    with pytest.raises(ValueError, match="torch<3"):
        lowest(project)


def test_the_project_itself_has_bounds() -> None:
    found = lowest()
    assert any(line.startswith("torch==") for line in found)
    assert len(found) > 30
