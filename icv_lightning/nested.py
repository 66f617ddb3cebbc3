"""Walks over nested mappings and lists, such as settings: dotted keys and values."""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

ABSENT = object()


def leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted keys and values of nested mappings and lists, in order.

    A list that holds no mapping and no list is one value, as is an empty mapping; the items of any other list
    have their position as key.

    Args:
        node: primitives, mappings and lists.
        key: the dotted key of `node` itself.
    """
    below: list[tuple[Any, Any]] = []
    if isinstance(node, Mapping):
        below = list(node.items())
    elif isinstance(node, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in node):
        below = list(enumerate(node))
    if not below:
        yield key, node
    for name, child in below:
        yield from leaves(child, f"{key}.{name}" if key else str(name))


def keys(node: Any) -> set[str]:
    """Return the dotted keys of all values and of the nodes that hold them."""
    parts = [key.split(".") for key, _ in leaves(node)]
    return {".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)}


def select(node: Any, key: str, default: Any = ABSENT) -> Any:
    """Return the value of a dotted key, `default` where it is not there."""
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return default
        node = node[part]
    return node


def with_values(node: Any, change: Callable[[Any], Any]) -> Any:
    """Return a node with each of its values changed; named tuples become mappings, other tuples lists."""
    if isinstance(node, tuple) and hasattr(node, "_asdict"):
        node = node._asdict()
    if isinstance(node, Mapping):
        return {str(key): with_values(item, change) for key, item in node.items()}
    if isinstance(node, list | tuple):
        return [with_values(item, change) for item in node]
    return change(node)


def finite(node: Any) -> Any:
    """Return a node as JSON takes it: numbers that are not finite become None."""
    return with_values(node, lambda v: None if isinstance(v, float) and not math.isfinite(v) else v)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number that a float holds; True and False are none."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and abs(value) <= sys.float_info.max


def plain(value: Any) -> Any:
    """Return a value with its numbers as floats, so that 1 and 1.0 are one."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return float(value) if is_number(value) else value
