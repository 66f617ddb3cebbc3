"""Messages of a stopped run, and workers that end with the command that started them."""

import functools
import multiprocessing
import os
import threading
import time

GOES_ON = "interrupted: the same command goes on from the last finished epoch"
STARTS_ANEW = "interrupted: the same command starts anew; without force=true, what was completed stays"


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
