"""The commands that may come next: for a person at a terminal alone, and ready to copy."""

import sys

import pytest

from icv_lightning.terminal.suggestions import QUIET, suggest


def said(capsys: pytest.CaptureFixture[str], *seen: str) -> tuple[str, str]:
    """Suggest two commands where these outputs are a terminal; give what was written to both."""
    with pytest.MonkeyPatch.context() as patch:
        for name in seen:
            patch.setattr(getattr(sys, name), "isatty", lambda: True)
        suggest(("icv_lightning.report", "outputs/two words"), ("icv_lightning.run", "seed=1"))
    return tuple(capsys.readouterr())


def test_commands_are_printed_ready_to_copy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(QUIET, raising=False)
    out, error = said(capsys, "stdout", "stderr")
    assert out == ""
    assert error.splitlines() == [
        "next:",
        "  python -m icv_lightning.report 'outputs/two words'",
        "  python -m icv_lightning.run seed=1",
    ]


def test_nothing_is_said_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(QUIET, "1")
    assert said(capsys, "stdout", "stderr") == ("", "")


@pytest.mark.parametrize("seen", ["stdout", "stderr"])
def test_nothing_is_said_where_an_output_is_kept(
    seen: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(QUIET, raising=False)
    assert said(capsys, seen) == ("", "")
