"""The space of a search: ranges and choices for keys of the configuration, checked before any trial."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from icv_lightning.configuration import checks
from icv_lightning.configuration.short_words import key_in
from icv_lightning.declarations.settings import Setting, has_effect
from icv_lightning.errors import UserError
from icv_lightning.nested import is_number

FORMS = ({"low", "high"}, {"low", "high", "log"}, {"choices"})
FORM = "must hold low and high, with log: true or false if wanted, or choices"
PLAIN = bool | int | float | str | None
WORDS = {None: "null", True: "true", False: "false"}


def read_space(
    node: Mapping[str, Any], overrides: Sequence[str], settings: Mapping[str, Setting]
) -> dict[str, BaseDistribution]:
    """Return Optuna's distributions by dotted key; both ends and all choices must be allowed in a run.

    Args:
        node: `search.space`, nested as the configuration is.
        overrides: overrides of the run whose keys these are.
        settings: declarations of these keys.

    Raises:
        UserError: naming the key, the value and what is allowed.
    """
    space = {key: _distribution(key, leaf, settings) for key, leaf in _leaves(node)}
    if not space:
        raise UserError(
            "search.space: is empty; it needs a key of the configuration, with low and high or choices"
        )
    for key, leaf in _leaves(node):
        values = leaf.get("choices") or [leaf["low"], leaf["high"]]
        if key in settings:
            for value in values:
                settings[key].check(key, value)
            values = values[:1]
        for value in values:  # whether there is such a key, such a group's file
            checks.check([*without(overrides, [key]), assigned(key, value)])
    return space


def assigned(key: str, value: Any) -> str:
    """Return the override that gives `value` to `key`, floats in full."""
    return f"{key}={WORDS[value] if value is None or isinstance(value, bool) else value}"


def without(overrides: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return the overrides that set none of `keys`."""
    return [text for text in overrides if key_in(text) not in keys]


def _leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, value in node.items():
        if not isinstance(value, Mapping):
            raise UserError(f"search.space.{prefix}{key}={value}: {FORM}")
        if {"low", "high", "choices"} & value.keys():
            yield f"{prefix}{key}", value
        else:
            yield from _leaves(value, f"{prefix}{key}.")


def _distribution(key: str, leaf: Mapping[str, Any], settings: Mapping[str, Setting]) -> BaseDistribution:
    if set(leaf) not in FORMS:
        raise UserError(f"search.space.{key}={dict(leaf)}: {FORM}")
    if not has_effect(key, settings):
        raise UserError(f"search.space.{key}: changes no result, so it cannot be searched")
    if "choices" in leaf:
        choices = leaf["choices"]
        if not isinstance(choices, list) or not choices or not all(isinstance(x, PLAIN) for x in choices):
            raise UserError(
                f"search.space.{key}.choices={choices}: must be a list of numbers, words, true, false or null"
            )
        return CategoricalDistribution(choices)
    low, high, log = leaf["low"], leaf["high"], leaf.get("log", False)
    if not all(is_number(value) for value in (low, high)) or not low < high:
        raise UserError(f"search.space.{key}: low={low} high={high}: must be finite numbers, low below high")
    if not isinstance(log, bool) or (log and low <= 0):
        raise UserError(
            f"search.space.{key}: log={log} low={low}: log must be true or false, and needs low above 0"
        )
    of_key = settings.get(key)
    whole = of_key.kind == "integer" if of_key else isinstance(low, int) and isinstance(high, int)
    if whole and isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)
