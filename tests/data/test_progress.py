"""Words about work that takes long."""

import sys

import pytest

from icv_lightning.data import progress
from icv_lightning.data.progress import reported


@pytest.fixture
def at_once(monkeypatch):
    """A line after each batch, of however few things."""
    monkeypatch.setattr(progress, "MIN_ITEMS", 0)
    monkeypatch.setattr(progress, "INTERVAL", -1.0)


def test_lines_where_there_is_no_terminal(at_once, capsys):
    assert list(reported("abc", 25, 10, "reading pictures")) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines() == [
        "reading pictures: 25",
        "reading pictures: 10 of 25",
        "reading pictures: 20 of 25",
        "reading pictures: 25 of 25",
    ]


def test_a_bar_in_a_terminal(at_once, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(reported("abc", 25, 10, "reading pictures")) == ["a", "b", "c"]
    assert "of 25" not in capsys.readouterr().err


def test_nothing_of_few(capsys):
    assert list(reported("abc", 25, 10, "reading pictures")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
