"""Kinds of values of a setting: the words for each, and how lists and other special kinds are checked."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from icv_lightning.nested import is_number

MAX_SIZE = 100_000  # of what a layer has of anything: beyond, one weight matrix alone takes 40 GB
STRATEGY = re.compile(r"auto|ddp(_find_unused_parameters_(true|false))?|single_device")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
WORDS = {
    "integer": "an integer",
    "number": "a finite number",
    "boolean": "true or false",
    "text": "text, not empty and without control characters",
    "classes": "a list of two or more different class numbers",
    "sizes": f"a list of one or more integers of at least 1 and at most {MAX_SIZE}",
    "counts": f"a list of one or more integers of at least 0 and at most {MAX_SIZE}",
    "epochs": "a list of integers of at least 1",
    "shares": "a list of two numbers of at least 0 and below 1",
    "weights": "balanced, or a list of two or more positive numbers",
    "node": "a node with _target_",
    "group": "a node",
    "statements": "a list of nodes with measure, low or high, and where and minus",
    "strategy": "auto, ddp, ddp_find_unused_parameters_true, single_device, or a node with _target_",
    "devices": "auto, -1, a number of devices or a list of their numbers",
}


def is_text(value: Any) -> bool:
    """Tell whether `value` is text that can be a name in a file, a folder and a terminal."""
    return isinstance(value, str) and bool(value.strip()) and not CONTROL.search(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _numbers(value: Any, low: int, high: float) -> list[int]:
    """Return the integers from `low` to `high` in a list; none where it holds anything else."""
    if not _is_list(value):
        return []
    found = [k for k in value if is_number(k) and isinstance(k, int) and low <= k <= high]
    return found if len(found) == len(value) else []


def _are_different(value: Any, least: int) -> bool:
    """Tell whether `value` is a list of `least` or more different integers from 0 on."""
    numbers = _numbers(value, 0, math.inf)
    return len(numbers) == len(set(numbers)) >= least


def _are_weights(value: Any) -> bool:
    return _is_list(value) and len(value) >= 2 and all(is_number(x) and x > 0 for x in value)


def _are_shares(value: Any) -> bool:
    return _is_list(value) and len(value) == 2 and all(is_number(x) and 0 <= x < 1 for x in value)


def _is_devices(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("auto", "-1") or bool(re.fullmatch(r"\d+(,\d+)+|[1-9]\d*", value))
    if isinstance(value, int):
        return not isinstance(value, bool) and (value == -1 or value >= 1)
    return _are_different(value, 1)


LISTS: Mapping[str, Callable[[Any], bool]] = {
    "classes": lambda value: _are_different(value, 2),
    "sizes": lambda value: bool(_numbers(value, 1, MAX_SIZE)),
    "counts": lambda value: bool(_numbers(value, 0, MAX_SIZE)),
    "epochs": lambda value: _is_list(value) and len(_numbers(value, 1, math.inf)) == len(value),
    "shares": _are_shares,
    "devices": _is_devices,
    "strategy": lambda value: isinstance(value, Mapping) or bool(STRATEGY.fullmatch(str(value))),
    "weights": lambda value: value == "balanced" or _are_weights(value),
    "node": lambda value: isinstance(value, Mapping) and "_target_" in value,
    "group": lambda value: isinstance(value, Mapping),
    "statements": lambda value: _is_list(value) and all(isinstance(item, Mapping) for item in value),
}
