"""Tables of pictures, as people and spreadsheets write them."""

import pytest

from icv_lightning.data.layouts import listed
from icv_lightning.errors import UserError
from tests.data.picture_folders import CLASSES, classes_of, put, said


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


TABLE = [("a b.png", "ant", "train"), ("sub/2.png", "bee", "Validation"), ("3.png", "bee", "training"),
         ("4.png", "ant", "test")]  # fmt: skip
EXPECTED = {
    "train": [("a b.png", "ant"), ("3.png", "bee")],
    "val": [("sub/2.png", "bee")],
    "test": [("4.png", "ant")],
}
