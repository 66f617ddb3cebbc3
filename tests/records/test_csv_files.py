"""CSV of texts that anybody may have chosen, read back by Python's own reader."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.records.csv_files import csv_line, csv_text

letters = st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="-@－＠;")


@given(st.lists(st.text(letters.filter(str.isprintable)), min_size=2))
def test_texts_survive(texts):
    assert next(csv.reader(io.StringIO(csv_line(texts), newline=""))) == texts


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "a;=1"])
def test_no_spreadsheet_computes_a_text(text):
    (cell,) = next(csv.reader(io.StringIO(csv_line([text]))))
    assert "'" in cell
    assert cell.replace("'", "") == text


def test_numbers_stay_numbers():
    assert csv_line([1, -0.123456789, None, True]) == "1,-0.123456789,,True\n"
    assert csv_line([-0.123456789], digits=3) == "-0.123\n"


def test_rows_stand_below_the_keys_of_the_first():
    assert csv_text([{"a": 1, "b": "x"}, {"b": "y", "a": 2}]) == "a,b\n1,x\n2,y\n"
    assert csv_text([]) == "\n"
