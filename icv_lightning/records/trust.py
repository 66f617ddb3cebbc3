"""Settings in a checkpoint or record that anybody may have written: only trusted classes are built."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from hydra.utils import get_class

from icv_lightning.errors import UserError
from icv_lightning.nested import leaves

MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_trusted: ContextVar[tuple[str, ...]] = ContextVar("trusted", default=())


@contextmanager
def trusting(modules: str | Sequence[str]) -> Iterator[None]:
    """Let files name classes of more modules, here and in what is called from here.

    Args:
        modules: e.g. "mylab.nets", whose classes and those of modules below it are meant; a dot may end it.

    Raises:
        UserError: no name of a module.
    """
    given = [modules] if isinstance(modules, str) else modules  # a text is one name, not its letters
    names = [module.removesuffix(".") for module in given]
    if wrong := [name for name in names if not MODULE.fullmatch(name)]:
        raise UserError(f"--trust {wrong[0]}: must be the name of a module, like mylab.nets")
    token = _trusted.set((*_trusted.get(), *(f"{name}." for name in names)))
    try:
        yield
    finally:
        _trusted.reset(token)


def check_foreign(node: Any, source: Any, prefixes: Sequence[str], kind: type, among: str) -> None:
    """Check settings before anything is built of them.

    Args:
        node: nested primitives.
        source: the file, for messages.
        prefixes: packages and modules whose classes may be named, e.g. "icv_lightning.nets"; whole names.
        kind: class that these classes must derive from.
        among: the allowed classes in words, for the message.

    Raises:
        UserError: any `_target_` that is something else, also one reached through a module of `prefixes`,
            or an interpolation, which could make another after this check, or read the environment.
    """
    check_plain(node, source)
    allowed = (*prefixes, *_trusted.get())
    for target in targets(node):
        if not _is_class(target, allowed, kind):
            raise UserError(f"{source}: names {target!r}, which is none of {among}{_advice(target)}")


def check_plain(node: Any, source: Any) -> None:
    """Raise `UserError` for an interpolation in nested primitives: it could name or read anything, later."""
    for text in texts(node):
        if "${" in text:
            raise UserError(f"{source}: holds the interpolation {text[:60]!r}, which no record of a run has")


def targets(node: Any) -> Iterator[Any]:
    """Yield every value of a key `_target_`, or below one, in nested primitives."""
    return (value for key, value in leaves(node) if "_target_" in key.split("."))


def texts(node: Any) -> Iterator[str]:
    """Yield every text in nested primitives, keys included."""
    for key, value in leaves(node):
        yield from (key, str(value))


def _advice(target: Any) -> str:
    module = str(target).rpartition(".")[0]
    if not isinstance(target, str) or not MODULE.fullmatch(target) or not module:
        return ""
    return f"; if you trust its code, add --trust {module} (in Python: trusted=[{module!r}])"


def _is_class(target: Any, prefixes: tuple[str, ...], kind: type) -> bool:
    if not isinstance(target, str) or not f"{target}.".startswith(prefixes):
        return False
    try:
        found = get_class(target)
    except (ImportError, ValueError, AttributeError):
        return False
    return issubclass(found, kind) and f"{found.__module__}.".startswith(prefixes)
