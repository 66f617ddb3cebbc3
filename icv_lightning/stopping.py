"""Ctrl-C and SIGTERM, remembered: an extension module that is being imported may swallow what they raise."""

import signal
from types import FrameType

_received = False


def listen() -> None:
    """Let both raise KeyboardInterrupt, and remember that they came."""
    global _received
    _received = False
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def check() -> None:
    """Raise KeyboardInterrupt if a signal came before and the work went on all the same."""
    if _received:
        raise KeyboardInterrupt


def _stop(signum: int, frame: FrameType | None) -> None:
    global _received
    _received = True
    raise KeyboardInterrupt
