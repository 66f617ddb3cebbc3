"""Text as spreadsheets and editors save it."""

import pytest

from icv_lightning.data.tables import column, decoded, read_table, split_lines
from icv_lightning.errors import UserError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding(encoding):
    assert decoded("Käfer, Mücke".encode(encoding)) == "Käfer, Mücke"


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a;b;c,d\n1;2;3\n", [["a", "b", "c,d"], ["1", "2", "3"]]),
        ("a\tb\n\n 1 \t2\n", [["a", "b"], ["1", "2"]]),
        ('"x, y", z\n', [["x, y", "z"]]),
        ("a b\n1  2\n", [["a", "b"], ["1", "2"]]),
        ("", []),
    ],
)
def test_lines_are_split_at_the_first_one_s_sign(text, cells):
    assert split_lines(text) == cells


def test_headings_are_lower_case_and_values_text(tmp_path):
    (tmp_path / "a.csv").write_text(" File ,LABEL\n a.png , 3 \n")
    (row,) = read_table(tmp_path / "a.csv")
    assert row == {"file": "a.png", "label": "3"}
    (tmp_path / "a.jsonl").write_text('{"File": "a.png", "label": 3, "note": null}\n\n')
    (row,) = read_table(tmp_path / "a.jsonl")
    assert row == {"file": "a.png", "label": "3", "note": ""}
    assert (column([row], ("path", "file")), column([row], ("path",))) == ("file", None)


@pytest.mark.parametrize(("name", "text"), [("a.jsonl", "{"), ("a.jsonl", "3\n"), ("a.parquet", "no")])
def test_what_is_no_table_is_named(tmp_path, name, text):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=rf"{name}: not a table that can be read"):
        read_table(tmp_path / name)
