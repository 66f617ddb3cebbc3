"""What to type for a value that Hydra's grammar does not take, or takes for something else."""

import functools
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from icv_lightning.declarations.settings import SETTINGS
from icv_lightning.errors import UserError

KEY = re.compile(r"[+~]{0,2}[\w./@-]+")


@functools.cache
def parser() -> OverridesParser:
    """Return Hydra's parser of arguments."""
    return OverridesParser.create()


def typed(line: str) -> str | None:
    """Return the argument to type in a shell that gives the key of `line` all that follows its "=" as text.

    None where there is none, or `line` is no key=value.
    """
    key, sign, value = line.partition("=")
    value = os.path.expanduser(value)  # a shell does not, behind a "="
    if not sign or not KEY.fullmatch(key):
        return None
    escaped = _escaped(value)
    for argument in (f"{key}={value}", f'{key}="{escaped}"', f'{key}="{_literal(escaped)}"'):
        if _read(argument) == value:
            return shlex.quote(argument)
    return None


def searchpath(folder: str) -> str:
    """Return the override that lets Hydra look for files in a folder too, whatever its name."""
    path = _literal(_escaped(str(Path(folder).absolute())))
    return f'hydra.searchpath=["{path}"]'


def _escaped(value: str) -> str:
    """Return a text as it stands between double quotes in Hydra's grammar."""
    return re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), value)


def _literal(text: str) -> str:
    """Return a text in which OmegaConf finds no interpolation; backslashes before one are doubled."""
    return re.sub(r"(\\*)\$\{", lambda found: 2 * found[1] + "\\${", text)


def is_text(line: str) -> bool:
    """Tell whether the key of `line` is a free text, or one that is not declared."""
    setting = SETTINGS.get(line.partition("=")[0].lstrip("+"))
    return setting is None or (setting.kind == "text" and not setting.choices)


def check_texts(overrides: Sequence[Override], multirun: bool) -> None:
    """Refuse a number, a list and the like, typed for a setting that is a name or a path.

    Raises:
        UserError: with what to type.
    """
    for override in overrides:
        line = str(override.input_line)
        if str(override.key_or_group) not in SETTINGS or not is_text(line) or override.is_delete():
            continue
        raw, value = line.partition("=")[2], override.value()
        if isinstance(value, str):
            wrong = value != raw and not raw.startswith(("'", '"')) and Path(raw).exists()
        else:
            wrong = value is not None and not (multirun and override.is_sweep_override())
        if wrong and (advice := typed(line)):
            raise UserError(f"{line}: is not read as one text; if it is meant so, type {advice}")


def _read(argument: str) -> Any:
    """Return the value that Hydra and OmegaConf read from an argument; None where they do not."""
    try:
        value = parser().parse_override(argument).value()
        return OmegaConf.create({"value": value}).value
    except (HydraException, OmegaConfBaseException):
        return None
