"""The other commands, killed before each of their files has its name; how files are written at all."""

import ast
import io
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icv_lightning.recognition.gallery_file import read_gallery
from tests.conftest import ROOT
from tests.faults.strikes import at_call, run


def strike_before_file(number: int) -> None:
    """Kill the process before the `number`-th file of `records.files.replaced` is complete."""
    at_call("os", "fsync", number)(9)


def check_whole(path: Path) -> None:
    """Raise where a file that bears a name cannot be read to its end."""
    content = path.read_bytes()
    if path.suffix in (".png", ".gif"):
        Image.open(io.BytesIO(content)).load()
    elif path.suffix == ".json":
        json.loads(content)
    elif path.suffix == ".pdf":
        assert content.rstrip().endswith(b"%%EOF")
    elif path.suffix == ".html":
        assert content.rstrip().endswith(b"</html>")
    elif path.suffix == ".pt":
        read_gallery(path)
    elif path.suffix == ".npz":
        np.load(path)
    else:
        assert content.endswith(b"\n"), path


def visible(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".part") and path.name != "said"
    }


def killed_until_done(folder: Path, module: str, arguments: list[str], step: int = 1) -> int:
    """Start a command, killed before file 1, 1 + step, …, until one comes through; return the kills."""
    for number in range(1, 100, step):
        status = run(folder, arguments, partial(strike_before_file, number), module)
        for name in visible(folder):
            if not name.endswith((".ckpt", ".yaml", ".log", ".lock")):
                check_whole(folder / name)
        if status != -9:
            assert status == 0, (folder / "said").read_text()
            return (number - 1) // step
    raise AssertionError("more than 100 files")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(generator.integers(0, 256, (28, 28), dtype=np.uint8)).save(folder / f"{number}.png")
    return folder


def test_a_killed_enrolment_leaves_the_gallery_as_it_was(
    tmp_path: Path, own_checkpoint: Path, pictures: Path
) -> None:
    common = ["--checkpoint", str(own_checkpoint)]
    command = ("icv_lightning.enroll", [*common, "--name", "one", str(pictures)])
    assert run(tmp_path, command[1], None, command[0]) == 0, (tmp_path / "said").read_text()
    before = visible(own_checkpoint.parent)
    assert len(before) == 2
    two = [*common, "--name", "two", str(pictures)]
    assert run(tmp_path, two, partial(strike_before_file, 1), command[0]) == -9
    assert visible(own_checkpoint.parent) == before
    assert run(tmp_path, two, None, command[0]) == 0
    (gallery,) = set(visible(own_checkpoint.parent)) - {"last.ckpt"}
    assert set(read_gallery(own_checkpoint.parent / gallery)["names"]) >= {"one", "two"}


@pytest.mark.slow
def test_a_killed_report_leaves_whole_files(tmp_path: Path, own_checkpoint: Path) -> None:
    """Each file of the report in turn: what bears a name is whole, and the same command ends."""
    cell = own_checkpoint.parent.parent
    grid = tmp_path / "grid"
    shutil.copytree(cell, grid / cell.name)
    shutil.rmtree(cell)
    assert killed_until_done(tmp_path, "icv_lightning.report.__main__", [str(grid)], step=4) >= 3


@pytest.mark.slow
def test_a_killed_verification_leaves_whole_files(tmp_path: Path, own_checkpoint: Path) -> None:
    persons = tmp_path / "persons"
    generator = np.random.default_rng(0)
    for number in range(24):
        folder = persons / f"p{number // 4}"
        folder.mkdir(parents=True, exist_ok=True)
        noise = generator.integers(0, 256, (28, 28), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    arguments = ["--checkpoint", str(own_checkpoint), "--images", str(persons), "--folds", "2", "--each", "8"]
    assert killed_until_done(tmp_path, "icv_lightning.verify.__main__", arguments) == 2


def test_every_file_is_written_beside_its_name_first() -> None:
    """No module writes to a path on its own: only through `records.files`, or into an open file."""
    package = ROOT / "icv_lightning"
    found = []
    for path in sorted({*package.rglob("*.py")} - {package / "records" / "files.py"}):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _writes(node):
                found.append(f"{path.name}: {ast.unparse(node)}")
    assert found == ["trials.py: (plan.folder / 'search.lock').open('w')"]  # a lock holds nothing


def _writes(node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    called, modes = node.func.attr, {ast.unparse(argument) for argument in node.args}
    if called in ("savefig", "save", "savez", "to_csv"):
        return any(map(_is_path, node.args))
    return called in ("write_text", "write_bytes") or (
        called == "open" and bool(modes & {"'w'", "'wb'", "'a'"})
    )


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
