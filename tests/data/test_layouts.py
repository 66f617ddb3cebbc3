"""Folders and tables of pictures as people have them."""

from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.data.layouts import listed
from icv_lightning.data.listing import Listing
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.errors import UserError
from tests.unprivileged import said_without_privileges


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(path, format="PNG")
    return root


def said(root: Path, found: Listing) -> dict[str, list[tuple[str, str]]]:
    """The listing as (file, class) by part."""
    return {
        part: [(str(path.relative_to(root)), found.class_names[k]) for path, k in files]
        for part, files in found.parts.items()
    }


def classes_of(root: Path) -> dict[str, list[str]]:
    return {part: [name for _, name in files] for part, files in said(root, listed(root)).items()}


CLASSES = ("ant/1.png", "bee/1.png")


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train", None, "test"),
        ("train", "val", None),
        ("train", "valid", "test"),
        ("training", None, "testing"),
        ("Train", None, "Test"),
        ("train", "validation", None),
        ("seg_train", None, "seg_test"),
        ("train", "dev", "Test set"),
        ("train", None, None),
    ],
)
def test_parts_by_the_names_that_people_give_them(tmp_path, train, val, test):
    names = {"train": train, "val": val, "test": test}
    for name in filter(None, names.values()):
        put(tmp_path, *(f"{name}/{picture}" for picture in CLASSES))
    found = listed(tmp_path)
    assert said(tmp_path, found) == {
        part: [(f"{name}/ant/1.png", "ant"), (f"{name}/bee/1.png", "bee")]
        for part, name in names.items()
        if name
    }
    assert found.lines == (
        [] if test or not val else ["no test part: data.test_fraction of each class is cut from train"]
    )


def test_class_folders_alone(tmp_path):
    put(tmp_path, *CLASSES)
    assert classes_of(tmp_path) == {"train": ["ant", "bee"]}


def test_a_wrapping_folder_is_said(tmp_path):
    put(tmp_path, *(f"archive/dataset/{name}" for name in CLASSES))
    found = listed(tmp_path)
    assert found.class_names == ["ant", "bee"]
    assert found.lines == [f"{tmp_path}: pictures are taken from archive/dataset"]


def test_wrapped_parts(tmp_path):
    put(tmp_path, *(f"data/{part}/{part}/{name}" for part in ("seg_train", "seg_test") for name in CLASSES))
    assert classes_of(tmp_path) == {"train": ["ant", "bee"], "test": ["ant", "bee"]}


def test_classes_with_folders_of_their_own(tmp_path):
    put(tmp_path, "ant/red/1.png", "ant/black/deep/1.png", "bee/1.png")
    assert said(tmp_path, listed(tmp_path))["train"] == [
        ("ant/black/deep/1.png", "ant"),
        ("ant/red/1.png", "ant"),
        ("bee/1.png", "bee"),
    ]


def test_a_class_that_is_called_like_a_part(tmp_path):
    put(tmp_path, "car/1.png", "train/1.png", "test/1.png", "bicycle/1.png")
    assert listed(tmp_path).class_names == ["bicycle", "car", "test", "train"]


def test_a_train_that_may_be_a_class_or_a_part_is_refused(tmp_path):
    put(tmp_path, "car/1.png", "train/steam/1.png", "train/diesel/1.png")
    with pytest.raises(UserError, match=r"train: holds class folders as a training part does, beside car"):
        listed(tmp_path)


def test_pictures_without_classes_beside_parts_are_said(tmp_path):
    put(tmp_path, "train/ant/1.png", "train/bee/1.png", "test/1.png", "train/3.png")
    found = listed(tmp_path)
    assert classes_of(tmp_path) == {"train": ["ant", "bee"]}
    assert found.lines == [
        f"{tmp_path}: no parts with class folders, passed over: test",
        f"{tmp_path}: 1 pictures outside class folders are left out",
    ]


def test_one_class_of_the_test_part_with_folders_of_its_own(tmp_path):
    put(tmp_path, *(f"train/{name}" for name in CLASSES), "test/bee/a/1.png", "test/bee/b/1.png")
    assert classes_of(tmp_path)["test"] == ["bee", "bee"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["test/ant/1.png", "val/ant/1.png"], "has test and val, but no train part"),
        (["train/ant/1.png", "training/bee/1.png"], "train and training are both a train part"),
        (["train/ant/1.png"], "needs at least two class folders, found ..ant"),
        (["1.png", "2.png"], "needs at least two class folders, found"),
        (["train/ant/1.png", "train/bee/1.png", "test/cow/1.png"], "test: classes that train lacks: cow"),
    ],
)
def test_layouts_that_make_no_data_set(tmp_path, files, message):
    with pytest.raises(UserError, match=message):
        listed(put(tmp_path, *files))


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


TABLE = [("a b.png", "ant", "train"), ("sub/2.png", "bee", "Validation"), ("3.png", "bee", "training"),
         ("4.png", "ant", "test")]  # fmt: skip
EXPECTED = {
    "train": [("a b.png", "ant"), ("3.png", "bee")],
    "val": [("sub/2.png", "bee")],
    "test": [("4.png", "ant")],
}


@pytest.mark.parametrize(
    ("name", "sign", "encoding", "heading"),
    [
        ("list.csv", ",", "utf-8", ("file", "label", "split")),
        ("list.csv", ";", "utf-8-sig", ("File_Name", " Class", "Subset")),
        ("list.tsv", "\t", "utf-16", ("path", "label", "set")),
        ("list.csv", ";", "cp1252", ("image", "target", "part")),
    ],
)
def test_tables_of_text(tmp_path, name, sign, encoding, heading):
    rows = [heading, *TABLE]
    (tmp_path / name).write_text("\n".join(sign.join(row) for row in rows) + "\n", encoding=encoding)
    assert said(tmp_path, listed(tmp_path / name)) == EXPECTED


def test_a_table_in_parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame(TABLE, columns=["file", "label", "split"]).to_parquet(tmp_path / "list.parquet")
    assert said(tmp_path, listed(tmp_path / "list.parquet")) == EXPECTED
    frame = pandas.DataFrame({"image": [{"bytes": b"", "path": "1.png"}], "label": [0]})
    frame.to_parquet(tmp_path / "hub.parquet")
    with pytest.raises(UserError, match="its column image holds pictures themselves"):
        listed(tmp_path / "hub.parquet")


def test_names_as_windows_writes_them(tmp_path):
    put(tmp_path, "sub/1.png", "2.png")
    (tmp_path / "list.csv").write_text("file,label\nsub\\1.png,ant\n2.png,bee\n")
    assert said(tmp_path, listed(tmp_path / "list.csv"))["train"] == [("sub/1.png", "ant"), ("2.png", "bee")]


def test_labels_that_are_numbers_keep_their_order(tmp_path):
    (tmp_path / "list.csv").write_text("file,label\na.png,10\nb.png,9\n")
    assert listed(tmp_path / "list.csv").class_names == ["9", "10"]


def test_metadata_of_the_datasets_library(tmp_path):
    for part in ("train", "validation"):
        put(tmp_path, f"{part}/1.png", f"{part}/2.png")
        (tmp_path / part / "metadata.csv").write_text("file_name,label\n1.png,ant\n2.png,bee\n")
    assert classes_of(tmp_path) == {"train": ["ant", "bee"], "val": ["ant", "bee"]}
    whole = put(tmp_path / "whole", "1.png", "2.png")
    (whole / "metadata.jsonl").write_text(
        '{"file_name": "1.png", "label": 0}\n{"file_name": "2.png", "label": 1}\n'
    )
    assert classes_of(whole) == {"train": ["0", "1"]}
    (put(tmp_path / "captions", *CLASSES) / "metadata.csv").write_text("file_name,text\nant/1.png,an ant\n")
    assert classes_of(tmp_path / "captions") == {"train": ["ant", "bee"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a.png,ant\nb.png,bee\n",
            r"needs a column of files \(file_name, .*\) and .* labels .* has a.png, ant",
        ),
        ("file,label\n", "has no row below its heading"),
        ("", "not a table that can be read"),
        ("file,label,split\na,b,holdout\n", "split 'holdout' is no part; must be one of dev, eval,"),
        ("file,label,split\na,b,test\n", "has test, but no train part"),
        ("file,label,split\na,b,train\nc,d,train\ne,f,test\n", "classes that train lacks: f"),
    ],
)
def test_tables_that_make_no_data_set(tmp_path, text, message):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        listed(tmp_path / "list.csv")


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
