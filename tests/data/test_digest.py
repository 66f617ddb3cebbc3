"""What a folder of pictures is: wherever it lies, and what changed since."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icv_lightning.data.digest import changes, pictures_digest
from icv_lightning.data.sizes import look_again


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(path, format="BMP")  # all of one size in bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(8):
        picture(tmp_path / "a" / ["ant", "bee"][number % 2] / f"{number}.bmp", number)
    return tmp_path / "a"


def digest(folder: Path) -> dict:
    look_again()
    return pictures_digest({"about": {"pictures": str(folder)}}) or {}


def test_a_data_set_that_no_user_changes_has_none():
    assert pictures_digest({"about": {}}) is None
    assert pictures_digest({}) is None


def test_a_copy_elsewhere_is_the_same(folder, tmp_path):
    before = digest(folder)
    assert before["files"] == {"train/ant": 4, "train/bee": 4}
    folder.rename(tmp_path / "moved")
    for path in (tmp_path / "moved").rglob("*.bmp"):
        os.utime(path, (1, 1))
    assert digest(tmp_path / "moved") == before
    assert changes(before, digest(tmp_path / "moved")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: picture(f / "ant" / "new.bmp", 1), ["1 pictures more"]),
        (lambda f: (f / "ant" / "0.bmp").unlink(), ["1 pictures fewer"]),
        (lambda f: picture(f / "ant" / "0.bmp", 77), ["as many pictures, but others"]),
        (lambda f: (f / "ant" / "0.bmp").rename(f / "ant" / "x.bmp"), ["as many pictures, but others"]),
        (
            lambda f: (f / "ant" / "0.bmp").rename(f / "bee" / "0.bmp"),
            ["1 pictures more", "1 pictures fewer"],
        ),
        (
            lambda f: (f / "ant").rename(f / "cat"),
            ["without train/ant", "with train/cat", "4 pictures more", "4 pictures fewer"],
        ),
    ],
)
def test_each_change_is_noticed_and_said(folder, change, said):
    before = digest(folder)
    change(folder)
    assert changes(before, digest(folder)) == said


def test_a_damaged_record_is_only_another(folder):
    assert changes({"sha256": 3, "files": None}, digest(folder))
    assert changes({}, digest(folder))


def test_a_table_of_pictures_has_one_too(folder):
    table = folder / "list.csv"
    rows = [f"{path.relative_to(folder)},{path.parent.name}" for path in sorted(folder.rglob("*.bmp"))]
    table.write_text("\n".join(["file,label", *rows]) + "\n")
    before = digest(table)
    assert before["files"] == {"train/ant": 4, "train/bee": 4}
    table.write_text("\n".join(["file,label", *rows]).replace("7.bmp,bee", "7.bmp,ant") + "\n")
    assert changes(before, digest(table)) == ["1 pictures more", "1 pictures fewer"]
