"""Resolved configurations: interpolations replaced by values, once for all cells of a grid where possible."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from icv_lightning.configuration.identity import Identity
from icv_lightning.declarations.settings import NEEDED, check_values, declared
from icv_lightning.errors import UserError
from icv_lightning.nested import leaves, select

CELL = "${cell:}"  # the key `cell` names the run's folder by the settings
UNNAMED = "<cell>"  # stands for the name until the settings are known
NAMES = re.compile(r"\$\{\s*([\w.]+)\s*(:?)")  # an interpolation begins with a key, or a resolver's name


class Template:
    """A composed configuration, and those that differ from it in the values of some keys.

    Only what depends on these keys is resolved anew for each.

    Args:
        config: composed; its `cell` is replaced by the name. Hydra's own node is not resolved.
        overrides: overrides of single values, those of the first configuration.

    Raises:
        UserError: a value is missing, cannot be resolved or is not allowed.
    """

    def __init__(self, config: DictConfig, overrides: Sequence[Override] = ()) -> None:
        self.config = config
        self._apply(overrides)
        raw = unresolved(config)
        self.named_by_settings = raw.get("cell") == CELL
        if self.named_by_settings:
            config.cell = UNNAMED
        texts = {key: str(value) for key, value in leaves(raw) if "${" in str(value)}
        changed = [str(override.key_or_group) for override in overrides]
        self.stale = [key for key in _depending(texts, changed) if key not in ("cell", *changed)]
        self.placed = [key for key in _depending(texts, ["cell"]) if key != "cell"]
        try:
            self.values: Any = {key: _resolved(config, key) for key in raw}
        except OmegaConfBaseException as error:
            _check_literals(raw)
            raise said(error) from error
        self.declared = declared(self.values)
        check_values(self.values, self.declared)

    def identity(self, overrides: Sequence[Override] = ()) -> Identity:
        """Return the configuration with the values of `overrides`, which set the template's keys.

        Raises:
            UserError: a value that others are made of does not fit.
        """
        if self.named_by_settings:
            self.config.cell = UNNAMED
        self._apply(overrides)
        changed = [str(override.key_or_group) for override in overrides]
        again = [*changed, *self.stale] if changed else []
        found = Identity(self._again(again), self.declared)
        if again:
            check_values(found.config, self.declared, again)
        if self.named_by_settings:
            self.config.cell = found.name
            for key in ("cell", *self.placed):
                found.config = _with(found.config, key.split("."), self._placed(key, found))
        return found

    def _placed(self, key: str, found: Identity) -> Any:
        """Return a value that holds the name of the cell; text is not resolved again, which is slow."""
        value = select(found.config, key)
        return value.replace(UNNAMED, found.name) if isinstance(value, str) else _resolved(self.config, key)

    def _apply(self, overrides: Sequence[Override]) -> None:
        ConfigLoaderImpl._apply_overrides_to_config(list(overrides), self.config)

    def _again(self, keys: Iterable[str]) -> Any:
        values = self.values
        try:
            for key in keys:
                values = _with(values, key.split("."), _resolved(self.config, key))
        except OmegaConfBaseException as error:
            raise said(error) from error
        return values


def _resolved(config: DictConfig, key: str) -> Any:
    value = OmegaConf.select(config, key, throw_on_missing=True)
    if OmegaConf.is_config(value):
        return OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
    return value


def unresolved(config: DictConfig) -> dict[str, Any]:
    """Return a configuration as primitives with its interpolations, without Hydra's own node."""
    return {str(key): _raw(config, key) for key in config if key != "hydra"}


def _raw(config: DictConfig, key: Any) -> Any:
    node = config._get_node(key)
    return OmegaConf.to_container(node) if OmegaConf.is_config(node) else node._value()  # type: ignore[union-attr]


def said(error: OmegaConfBaseException) -> UserError:
    """Return the error of an interpolated value, in the resolver's words or OmegaConf's."""
    cause = error.__cause__ or error.__context__
    while cause:
        if isinstance(cause, UserError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, MissingMandatoryValue):
        return UserError(f"{error.full_key}: must be given, as {error.full_key}=…")
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return UserError(f"{error.full_key}: {first}")


def _depending(texts: Mapping[str, str], keys: Iterable[str]) -> list[str]:
    """Return the keys among those of interpolations that depend on `keys`, also through others, in order."""
    found, new = dict[str, None](), set(keys)
    while new:
        new = {key for key, text in texts.items() if key not in found and _mentions(text, new)}
        found |= dict.fromkeys(sorted(new))
    return [key for key in texts if key in found]


def _mentions(text: str, keys: set[str]) -> bool:
    """Tell whether an interpolation reads one of `keys`, or may: a relative key, a resolver that selects."""
    for name, resolver in NAMES.findall(text):
        if resolver:
            if name in ("oc.select", "oc.dict.keys", "oc.dict.values", "oc.deprecated"):
                return True
        elif name.startswith(".") or any(
            f"{name}.".startswith(f"{key}.") or f"{key}.".startswith(f"{name}.") for key in keys
        ):
            return True
    return "cell" in keys and CELL in text


def _with(node: Any, parts: Sequence[str], value: Any) -> Any:
    """Return a copy of nested primitives with another value at one place; other nodes are shared."""
    if not parts:
        return value
    if isinstance(node, Mapping):
        return {**node, parts[0]: _with(node.get(parts[0], {}), parts[1:], value)}
    position = int(parts[0])
    return [*node[:position], _with(node[position], parts[1:], value), *node[position + 1 :]]


def _check_literals(raw: Mapping[str, Any]) -> None:
    """Check what is no interpolation: a wrong value there, or none, may be why an interpolation fails."""
    check_values(raw, {}, NEEDED)
    for key, setting in declared(raw).items():
        value = select(raw, key, None)
        if value is not None and "${" not in str(value) and value != "???":
            setting.check(key, value)
