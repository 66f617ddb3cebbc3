"""How every command ends: with one line at most, and with 0, 1, 2 or 130."""

import argparse
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from icv_lightning.errors import UserError, one_line
from icv_lightning.escaping import printable
from icv_lightning.terminal import streams

_received = False
FAILED, WRONG_INPUT, STOPPED = 1, 2, 130
TRACEBACK = "ICV_TRACEBACK"  # set in the environment: print the traceback of an error that nobody foresaw


@contextmanager
def ending(stopped: str = "stopped") -> Iterator[None]:
    """End the program after a command's work, which exits with 0, or with 1 after saying what failed.

    Wrong input (`UserError`, or a place without permission) exits with 2, any other error with 1, Ctrl-C,
    SIGTERM and SIGHUP with 130; each says one line on standard error. Standard output that is closed or full
    ends nothing: a reader that has seen enough is no error, output that could not be written makes a status
    of 0 a 1.

    Args:
        stopped: the line after a signal.
    """
    output = streams.protect()
    logging.raiseExceptions = False  # a log that cannot be written is no second failure
    try:
        listen()
        try:
            yield
        finally:
            sys.stdout.flush()
        status = 0
    except KeyboardInterrupt:
        status = _end(stopped, STOPPED)
    except SystemExit as end:  # of argparse and Hydra, which have said why
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except UserError as error:
        status = _end(f"error: {error}", WRONG_INPUT)
    except PermissionError as error:  # of a place that was given
        status = _end(f"error: {_words(error)}", WRONG_INPUT)
    except Exception as error:
        status = _end(f"error: {_words(error)}", FAILED)
    if output and output.lost and not status:
        status = _end(f"error: standard output: {output.lost}", FAILED)
    sys.exit(status)


def run(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    """Read the arguments and do a command's work; see `ending`."""
    warnings.filterwarnings("ignore", "Image size")  # Pillow's, of large pictures that it reads all the same
    with ending():
        sys.exit(command(parser.parse_args()))


def refuse(message: str) -> NoReturn:
    """Raise `UserError` with what argparse says; takes the place of a parser's `error`, which exits."""
    raise UserError(f"{message}; see --help")


def listen() -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP (unless `nohup` ignores it) raise KeyboardInterrupt, and remember them.

    An extension module that is being imported may swallow what they raise.
    """
    global _received
    _received = False
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _stop)


def check_stopped() -> None:
    """Raise KeyboardInterrupt if a signal came before and the work went on all the same."""
    if _received:
        raise KeyboardInterrupt


def _stop(signum: int, frame: FrameType | None) -> None:
    global _received
    _received = True
    raise KeyboardInterrupt


def _end(line: str, status: int) -> int:
    print(printable(line), file=sys.stderr)
    return status


def _words(error: Exception) -> str:
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'files'}: {error.strerror}"
    return f"{type(error).__name__}: {one_line(error)}"
