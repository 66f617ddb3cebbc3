"""How every command ends: statuses, and one line for each kind of trouble."""

import errno
import os
import signal

import pytest

from icv_lightning.errors import UserError
from icv_lightning.terminal.exit_status import TRACEBACK, ending


def ended(error: BaseException | int, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as end, ending("stopped: as you wished"):
        raise SystemExit(error) if isinstance(error, int) else error
    return end.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (0, 0, ""),
        (1, 1, ""),
        (UserError("--name: a\x1b"), 2, "error: --name: a\\x1b"),
        (KeyboardInterrupt(), 130, "stopped: as you wished"),
        (
            OSError(errno.ENOSPC, "No space left on device", "out/a.png"),
            1,
            "error: out/a.png: No space left on device",
        ),
        (OSError("odd"), 1, "error: OSError: odd"),
        (KeyError("a\nb"), 1, r"error: KeyError: 'a\nb'"),
        (MemoryError(), 1, "error: MemoryError: MemoryError"),
        (RuntimeError("first\nsecond \x1b[31m"), 1, "error: RuntimeError: first second \\x1b[31m"),
        (SystemExit(2), 2, ""),
        (SystemExit(None), 0, ""),
    ],
)
def test_each_end_has_its_status_and_one_line(error, status, line, capsys, monkeypatch):
    monkeypatch.delenv(TRACEBACK, raising=False)
    assert ended(error, capsys) == (status, f"{line}\n" if line else "")


def test_a_traceback_is_there_for_who_asks(capsys, monkeypatch):
    monkeypatch.setenv(TRACEBACK, "1")
    status, said = ended(ZeroDivisionError("none"), capsys)
    assert status == 1
    assert said.startswith("Traceback")
    assert said.endswith("error: ZeroDivisionError: none\n")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_with_130(signum, capsys):
    with pytest.raises(SystemExit) as end, ending():
        os.kill(os.getpid(), signum)
    assert (end.value.code, capsys.readouterr().err) == (130, "stopped\n")


def test_nohup_keeps_its_meaning(capsys, monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ended(0, capsys) == (0, "")
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
