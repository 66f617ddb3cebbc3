"""Standard output and error that end no command: closed, full, or in an encoding that lacks a character."""

import errno
import io
import os
import sys
from typing import Any


class Outlet(io.RawIOBase):
    """Writes to a file descriptor until that fails; what comes later is dropped.

    Args:
        descriptor: that of an open file; -1 for a file that was closed before the command started.

    Attributes:
        error: the first error of writing, None while there was none.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.error: OSError | None = None

    @property
    def lost(self) -> str:
        """Why output was lost, empty where none was; that `head` closed its pipe is no loss."""
        return "" if self.error is None or self.reader_is_gone else str(self.error.strerror)

    @property
    def reader_is_gone(self) -> bool:
        """Whether the reader of a pipe has closed it."""
        return self.error is not None and self.error.errno == errno.EPIPE

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.descriptor

    def isatty(self) -> bool:
        """Tell whether a terminal shows what is written."""
        return self.descriptor >= 0 and os.isatty(self.descriptor)

    def write(self, content: Any) -> int:
        """Write bytes; return how many were written or dropped."""
        if self.error is None:
            try:
                return os.write(self.descriptor, content)
            except OSError as error:
                self.error = error
        return len(content)


_output: Outlet | None = None


def reader_is_gone() -> bool:
    """Tell whether nobody reads standard output any more, so that work for it alone can end."""
    return _output is not None and _output.reader_is_gone


def protect() -> Outlet | None:
    """Let `sys.stdout` and `sys.stderr` survive every error of writing; characters they lack become escapes.

    Returns:
        Where standard output goes; None where somebody else replaced `sys.stdout`, such as a test.
    """
    global _output
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for _ in closed:  # else the next file that is opened would get this number, and whatever is printed
        os.open(os.devnull, os.O_RDWR)
    _output = None
    if sys.stdout is sys.__stdout__:
        _output = Outlet(-1 if 1 in closed else 1)
        sys.stdout = _text(_output, sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(Outlet(-1 if 2 in closed else 2), sys.stderr, by_line=True)
    return _output


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _text(outlet: Outlet, old: Any, by_line: bool = False) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(outlet),
        encoding=getattr(old, "encoding", None) or "utf-8",
        errors="backslashreplace",
        line_buffering=by_line or outlet.isatty() or getattr(old, "line_buffering", False),
        write_through=getattr(old, "write_through", False),
    )
