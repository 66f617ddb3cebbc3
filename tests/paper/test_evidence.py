"""Rows that experiments beside the grid leave: which count, and how they are paired."""

import json

import pytest

from icv_lightning.paper.evidence import paired, read_rows

ROW = {"claim": 12, "data": "mnist", "cell": "1 from 5", "seed": "0", "ours": 0.9, "other": 0.8}


def test_rows_of_folders_and_of_those_below(tmp_path):
    for place, rows in ((tmp_path, [ROW]), (tmp_path / "unseen", [ROW | {"seed": "1"}])):
        place.mkdir(exist_ok=True)
        (place / "evidence.json").write_text(json.dumps(rows))
    assert [row["seed"] for row in read_rows([tmp_path])] == ["0", "1"]


@pytest.mark.parametrize(
    "row",
    [
        "text",
        {key: value for key, value in ROW.items() if key != "seed"},
        ROW | {"ours": "0.9"},
        ROW | {"ours": True},
        ROW | {"other": None},
        ROW | {"overlap": "much"},
    ],
)
def test_rows_that_are_none_are_left_out(tmp_path, row):
    (tmp_path / "evidence.json").write_text(json.dumps([row, ROW]))
    assert read_rows([tmp_path]) == [ROW]


@pytest.mark.parametrize("text", ["{", "3", '{"claim": 12}', "[NaN]"])
def test_files_that_hold_no_rows(tmp_path, text):
    (tmp_path / "evidence.json").write_text(text)
    assert read_rows([tmp_path]) == []


def test_values_are_paired_within_data_and_cell():
    rows = [
        ROW,
        ROW | {"seed": "1", "ours": 0.7, "overlap": 0.5},
        ROW | {"claim": 5},
        ROW | {"cell": "2 from 5"},
    ]
    found = paired(rows, 12)
    assert set(found) == {("mnist", "1 from 5"), ("mnist", "2 from 5")}
    assert found["mnist", "1 from 5"].values == pytest.approx([0.1, -0.1])
    assert found["mnist", "1 from 5"].overlap == 0.5
