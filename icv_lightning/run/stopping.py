"""Ctrl-C and SIGTERM, remembered: an extension module that is being imported may swallow what they raise.

And the end of workers with the command that started them.
"""

import functools
import multiprocessing
import os
import signal
import threading
import time
from types import FrameType

GOES_ON = "interrupted: the same command goes on from the last finished epoch"
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


def end_worker_with_parent() -> None:
    """End this process, if it is one of joblib's workers, once the command that started it is dead.

    Such a worker would train on, and then wait for ever to hand its results over.
    """
    if multiprocessing.current_process().name.startswith("LokyProcess"):
        end_with_parent()


@functools.cache
def end_with_parent() -> None:
    """End this process once the one that started it is dead."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _stop(signum: int, frame: FrameType | None) -> None:
    global _received
    _received = True
    raise KeyboardInterrupt
