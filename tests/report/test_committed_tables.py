"""The tables and verdicts in docs/ are those that the committed records give, on every machine."""

import csv
import io
import re

import pytest

from icv_lightning.report.build import table_texts
from tests.conftest import ROOT

PLACE = ROOT / "docs" / "results" / "paper_grid"
LARGEST = 40_000  # bytes of a record
OF_A_MACHINE = re.compile(rb'"(/|~|[A-Za-z]:\\)[^"]*"|"(user|host|hostname|entity)"')


@pytest.fixture(scope="module")
def rebuilt():
    return table_texts([PLACE / "runs"])


@pytest.mark.parametrize("name", ["tables.md", "tables.tex"])
def test_texts_are_those_rebuilt(rebuilt, name):
    assert (PLACE / name).read_text() == rebuilt[name]


@pytest.mark.parametrize("name", ["tables.csv", "claims.csv"])
def test_numbers_are_those_rebuilt(rebuilt, name):
    texts = (PLACE / name).read_text(), rebuilt[name]
    committed, again = (list(csv.reader(io.StringIO(text))) for text in texts)
    assert len(committed) == len(again)
    for ours, theirs in zip(committed, again, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert a == b or float(a) == pytest.approx(float(b), rel=1e-6, abs=1e-9)


def test_records_are_small_and_name_no_machine():
    records = [path for path in (PLACE / "runs").iterdir() if path.is_dir() and path.name != "report"]
    assert records
    for record in records:
        files = sorted(record.iterdir())
        assert [path.name for path in files] == ["measured.npz", "metrics.csv", "results.json"]
        content = [path.read_bytes() for path in files]
        assert sum(map(len, content)) <= LARGEST
        assert not OF_A_MACHINE.search(content[2])
