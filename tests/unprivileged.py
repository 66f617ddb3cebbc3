"""Runs a call where permissions hold: root, whom none stops, gives up that right in a child process."""

import ctypes
import multiprocessing
import os
from collections.abc import Callable

import pytest

from icv_lightning.errors import UserError
from tests.conftest import PATIENCE

CAPABILITY_VERSION_3 = 0x20080522


def _give_up_capabilities() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


def _answer(call: Callable[[], object], answer: "multiprocessing.Queue[str]") -> None:
    try:
        if os.geteuid() == 0:
            _give_up_capabilities()
        call()
        answer.put("")
    except UserError as error:
        answer.put(str(error))
    except BaseException as error:
        answer.put(repr(error))
        raise


def said_without_privileges(call: Callable[[], object]) -> str:
    """The message of the `UserError` that `call` raises where permissions hold, or an empty string."""
    if os.geteuid() == 0 and not hasattr(ctypes.CDLL(None), "capset"):
        pytest.skip("root may read all")
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=_answer, args=(call, answer))
    process.start()
    said: str = answer.get(timeout=PATIENCE)
    process.join()
    return said
