"""The overrides of a command line, read as Hydra reads them."""

import functools
from collections.abc import Iterable, Sequence

from hydra.core.override_parser.types import Glob, Override, Sweep
from hydra.errors import HydraException

from icv_lightning.configuration.quoting import is_text, parser, typed
from icv_lightning.declarations.choices import CONF
from icv_lightning.errors import UserError


def parse(overrides: Sequence[str]) -> list[Override]:
    """Return parsed overrides; raise `UserError` for what is not key=value, or a choice that is none."""
    return [parse_one(text) for text in overrides]


@functools.cache
def parse_one(text: str) -> Override:
    """Return a parsed override; raises as `parse`."""
    try:
        override = parser().parse_override(text)
    except HydraException as error:
        advice = f"; type {typed(text)}" if is_text(text) and typed(text) else ", e.g. seed=1"
        raise UserError(f"{text}: cannot be read as key=value{advice}") from error
    key = key_of(override)
    is_choice = override.is_delete() or isinstance(override.value(), str | list | Sweep | Glob)
    if not key or (is_group(key) and "." not in key and not is_choice):
        raise UserError(f"{text}: must name a choice of a group, or a key and its value; see --help")
    return override


def is_group(key: str) -> bool:
    """Tell whether a key of an override names a group of files, or belongs to Hydra."""
    return _is_folder(key.split("@")[0]) or key.startswith("hydra")


@functools.cache
def _is_folder(name: str) -> bool:
    return (CONF / name).is_dir()


def key_of(override: Override) -> str:
    """Return its dotted key, or group, without + and ~."""
    return str(override.key_or_group)


def lines_of(overrides: Iterable[Override]) -> list[str]:
    """Return overrides as they were typed."""
    return [str(override.input_line) for override in overrides]
