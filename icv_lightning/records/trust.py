"""Settings in somebody's file, a checkpoint or a record: what they may name is built, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.utils import get_class

from icv_lightning.errors import UserError


def check_foreign(node: Any, source: Any, prefixes: Sequence[str], kind: type, among: str) -> None:
    """Check settings before anything is built of them.

    Args:
        node: nested primitives.
        source: the file, for messages.
        prefixes: packages and modules whose classes may be named, e.g. "icv_lightning.nets"; whole names.
        kind: what these classes must derive from.
        among: the same in words.

    Raises:
        UserError: any `_target_` that is something else, also one reached through a module of `prefixes`,
            or an interpolation, which could make another after this check, or read the environment.
    """
    check_plain(node, source)
    whole = tuple(f"{prefix.rstrip('.')}." for prefix in prefixes if prefix.strip("."))
    for target in targets(node):
        if not _is_class(target, whole, kind):
            raise UserError(f"{source}: names {target!r}, which is none of {among}")


def check_plain(node: Any, source: Any) -> None:
    """Raise `UserError` for an interpolation in nested primitives: it could name or read anything, later."""
    for text in texts(node):
        if "${" in text:
            raise UserError(f"{source}: holds the interpolation {text[:60]!r}, which no record of a run has")


def targets(node: Any) -> Iterator[Any]:
    """Yield every `_target_` in nested primitives."""
    if isinstance(node, Mapping):
        yield from (value for key, value in node.items() if key == "_target_")
    for value in _below(node):
        yield from targets(value)


def texts(node: Any) -> Iterator[str]:
    """Yield every text in nested primitives, keys included."""
    if isinstance(node, Mapping):
        yield from map(str, node)
    for value in _below(node):
        yield from texts(value)
    if isinstance(node, str):
        yield node


def _below(node: Any) -> Sequence[Any]:
    if isinstance(node, Mapping):
        return list(node.values())
    return list(node) if isinstance(node, list | tuple) else ()


def _is_class(target: Any, prefixes: tuple[str, ...], kind: type) -> bool:
    if not isinstance(target, str) or not f"{target}.".startswith(prefixes):
        return False
    try:
        found = get_class(target)
    except (ImportError, ValueError, AttributeError):
        return False
    return issubclass(found, kind) and f"{found.__module__}.".startswith(prefixes)
