"""Lists of pairs as people have them."""

from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.errors import UserError
from icv_lightning.verify.pair_lists import pairs_in

PAIRS = [
    ("ann/1.png", "ann/2.png", "1"),
    ("ann/1.png", "bob/1 b.png", "0"),
    ("bob/1 b.png", "bob/2.png", "1"),
]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for name in ("ann/1.png", "ann/2.png", "bob/1 b.png", "bob/2.png", "1.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(folder / name)
    return folder


def written(folder: Path, name: str, rows: list, sign: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes("\r\n".join(sign.join(row) for row in rows).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "sign", "encoding", "heading"),
    [
        ("pairs.csv", ",", "utf-8", ("first", "second", "same")),
        ("pairs.csv", ";", "utf-8-sig", ("A", "B", "label")),
        ("pairs.tsv", "\t", "utf-16", None),
        ("pairs.txt", ", ", "cp1252", None),
    ],
)
def test_lists_of_paths(pictures, name, sign, encoding, heading):
    rows = [heading, *PAIRS] if heading else PAIRS
    pairs = pairs_in(written(pictures, name, rows, sign, encoding))
    files = [pictures / "ann/1.png", pictures / "ann/2.png", pictures / "bob/1 b.png", pictures / "bob/2.png"]
    assert pairs.pictures() == files
    found = pairs.at(files)
    assert found.genuine.tolist() == [True, False, True]
    assert (found.first.tolist(), found.second.tolist()) == ([0, 0, 2], [1, 2, 3])
    assert found.fold.tolist() == [0, 0, 0]


def test_spaces_between_paths_and_a_folder_beside(tmp_path, pictures):
    path = written(tmp_path, "pairs.txt", [("ann/1.png", "ann/2.png", "1"), ("1.png", "bob/2.png", "0")], " ")
    assert pairs_in(path, pictures).genuine == [True, False]


def test_the_word_may_stand_first_and_a_column_says_the_fold(pictures):
    rows = [("issame", "fold", "path1", "path2"), ("True", "7", "ann/1.png", "ann\\2.png")]
    rows.append(("False", "9", "ann/1.png", "bob/2.png"))
    pairs = pairs_in(written(pictures, "pairs.csv", rows, ","))
    assert pairs.fold == [0, 1]
    assert pairs.second == [pictures / "ann/2.png", pictures / "bob/2.png"]


def test_the_format_of_lfw_is_still_known(tmp_path):
    path = written(tmp_path, "pairs.txt", [("1",), ("Anna", "1", "4"), ("Anna", "2", "Bob", "1")], "\t")
    assert pairs_in(path).pictures() == [("Anna", 1), ("Anna", 2), ("Anna", 4), ("Bob", 1)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("ann/1.png", "ann/2.png")],
            "line 1 must have two paths and 1 .one person. or 0, as: .*; is ann",
        ),
        ([("a", "b", "1"), ("ann/1.png", "0")], "line 1 must have two paths"),
        ([("ann/1.png", "ann/2.png", "1"), ("1.png", "ann/2.png", "1")], "has pairs of one kind alone"),
        (
            [("ann/1.png", "gone.png", "1"), ("1.png", "lost.png", "0")],
            "2 pictures are not there: .*gone.png",
        ),
    ],
)
def test_lists_that_cannot_be_used(pictures, rows, message):
    with pytest.raises(UserError, match=message) as error:
        pairs_in(written(pictures, "pairs.txt", rows, ","))
    assert "\n" not in str(error.value)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="not a file of pairs that can be read"):
        pairs_in(tmp_path / "none.txt")
