"""Which files below a folder are pictures, and which are passed over."""

from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.data.layouts import listed
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.errors import UserError
from tests.data.picture_folders import CLASSES, classes_of, put, said
from tests.unprivileged import said_without_privileges

CLUTTER = ("__MACOSX/ant/1.png", "@eaDir/1.png", ".ipynb_checkpoints/1.png", "ant/.ipynb_checkpoints/1.png",
           "ant/@eaDir/1.png", ".DS_Store", "ant/.DS_Store", "bee/Thumbs.db", "bee/._1.png")  # fmt: skip


def test_clutter_at_any_level_is_passed_over_in_one_line(tmp_path):
    put(tmp_path, *CLASSES, *CLUTTER)
    found = listed(tmp_path)
    assert said(tmp_path, found)["train"] == [("ant/1.png", "ant"), ("bee/1.png", "bee")]
    [line] = found.lines
    assert line.startswith("passed over: 2 .DS_Store, 2 .ipynb_checkpoints, 2 @eaDir, ._1.png, Thumbs.db")


def test_content_decides_where_the_suffix_says_nothing(tmp_path):
    put(tmp_path, "ant/1.jfif", "ant/2", "ant/3.picture", "bee/1.AVIF")
    for name in ("ant/notes.txt", "ant/list.csv", "bee/more.txt", "bee/4.pdf"):
        (tmp_path / name).write_text("not a picture")
    found = listed(tmp_path)
    assert [path.name for path, _ in found.parts["train"]] == ["1.jfif", "2", "3.picture", "1.AVIF"]
    assert found.lines == ["left out, no pictures that can be read: 2 .txt, .csv, .pdf"]


def test_links_to_folders_are_followed_once(tmp_path):
    put(tmp_path / "elsewhere", "1.png", "2.png")
    put(tmp_path / "data", "ant/1.png")
    (tmp_path / "data" / "bee").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "ant" / "above").symlink_to(tmp_path / "data" / "ant")
    assert [k for _, k in listed(tmp_path / "data").parts["train"]] == [0, 1, 1]


def test_a_link_that_leads_nowhere(tmp_path):
    put(tmp_path, *CLASSES)
    (tmp_path / "cow").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match="cow: a link that leads nowhere"):
        listed(tmp_path)


@pytest.mark.parametrize("closed", ["pictures", "pictures/ant"])
def test_a_folder_that_may_not_be_read(tmp_path, closed):
    put(tmp_path / "pictures", *CLASSES)
    (tmp_path / closed).chmod(0)
    said = said_without_privileges(lambda: listed(tmp_path / "pictures"))
    (tmp_path / closed).chmod(0o755)
    assert f"{Path(closed).name}: not a folder that can be read" in said


def test_a_folder_below_one_that_is_closed(tmp_path):
    put(tmp_path / "home" / "pictures", *CLASSES)
    (tmp_path / "home").chmod(0)
    said = said_without_privileges(lambda: listed(tmp_path / "home" / "pictures"))
    (tmp_path / "home").chmod(0o755)
    assert "pictures: not a folder that can be read" in said


def test_a_picture_of_an_apple_device_by_its_extra(tmp_path):
    pytest.importorskip("pillow_heif").register_heif_opener()
    put(tmp_path, *CLASSES)
    Image.new("RGB", (64, 64), (200, 100, 50)).save(tmp_path / "ant" / "2.heic", format="HEIF")
    assert classes_of(tmp_path) == {"train": ["ant", "ant", "bee"]}
    seen = read_picture(tmp_path / "ant" / "2.heic", PictureInput(3, 4, 4))
    assert seen[:, 1, 1].tolist() == pytest.approx([200, 100, 50], abs=8)


def test_without_the_extra_it_is_left_out_with_advice(tmp_path):
    put(tmp_path, *CLASSES)
    (tmp_path / "ant" / "2.heic").write_bytes(b"not here")
    [line] = listed(tmp_path).lines
    assert line.endswith("can be read: .heic; .heic needs pip install 'icv-lightning[heic]'")
