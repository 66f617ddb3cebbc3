"""From a command line to the composed configuration of each cell, with errors in one line, without torch."""

import copy
import difflib
import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import compose
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, Sweep
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from icv_lightning.errors import UserError, one_line

PACKAGE = Path(__file__).resolve().parent.parent
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())


def arguments(overrides: Sequence[str], multirun: bool, config_name: str = "config") -> list[str]:
    """Return `overrides` with the sweep that an experiment file holds written out, in front.

    A key on the command line takes the place of the file's values for it (Hydra would run the product).

    Raises:
        UserError: an experiment file that holds a sweep, run without -m, leaves keys without one value.
    """
    parsed = parse(overrides)
    _check_experiments(parsed, config_name)
    fixed = [override for override in parsed if not override.is_sweep_override()]
    node = composed(_lines(fixed), config_name, with_hydra=True).hydra.sweeper.get("params")
    params = dict(node or {})
    given = {str(override.key_or_group) for override in parsed}
    swept = {key: value for key, value in params.items() if key not in given}
    if not multirun:
        if swept:
            raise UserError(
                f"a grid over {', '.join(params)}: add -m, or give one value for {', '.join(swept)}"
            )
        return list(overrides)
    if not params:
        return list(overrides)
    return [*(f"{key}={value}" for key, value in swept.items()), *overrides, "hydra.sweeper.params=null"]


def _check_experiments(parsed: list[Override], config_name: str) -> None:
    """Refuse several experiments of which one holds a sweep: Hydra would run its first cell alone."""
    for choices in (o.value() for o in parsed if _key(o) == "experiment"):
        for name in choices.list if isinstance(choices, ChoiceSweep) else ():
            alone = composed([f"experiment={name}"], config_name, with_hydra=True)
            if alone.hydra.sweeper.get("params"):
                raise UserError(f"experiment={name}: holds a grid of its own; give it alone, without others")


def cells(overrides: Sequence[str], multirun: bool, config_name: str = "config") -> Iterator[DictConfig]:
    """Yield the configuration of each cell that `overrides` (see `arguments`) ask for, in Hydra's order.

    Raises:
        UserError: the first override that cannot be read or does not fit.
    """
    parsed = parse(overrides)
    if not multirun:
        yield composed(list(overrides), config_name)
        return
    bases: dict[tuple[str, ...], DictConfig] = {}
    for lines in _combinations(parsed):
        values = [o for o in parse(lines) if not (o.is_add() or o.is_delete() or _is_group(_key(o)))]
        groups = tuple(line for line in lines if line not in _lines(values))
        if groups not in bases:
            bases[groups] = composed(list(groups), config_name)
        yield _changed(bases[groups], values)


def parse(overrides: Sequence[str]) -> list[Override]:
    """Return parsed overrides; raise `UserError` for what is not key=value, or a choice that is none."""
    return [_parsed(text) for text in overrides]


@functools.cache
def _parser() -> OverridesParser:
    return OverridesParser.create()


def _parsed(text: str) -> Override:
    try:
        override = _parser().parse_override(text)
    except HydraException as error:
        raise UserError(
            f"{text}: cannot be read as key=value; a value with other signs than letters, digits and "
            "_-+.,/:% needs quotes inside the shell's: 'key=\"…\"'"
        ) from error
    key, value = _key(override), override.value()
    if not key or (_is_group(key) and "." not in key and not (override.is_delete() or _is_choice(value))):
        raise UserError(f"{text}: must name a choice of a group, or a key and its value; see --help")
    return override


def composed(overrides: list[str], config_name: str, with_hydra: bool = False) -> DictConfig:
    """Return one configuration; raise `UserError` for an unknown key or choice."""
    try:
        config = compose(config_name, overrides, return_hydra_config=with_hydra)
    except MissingConfigException as error:
        raise UserError(_unknown_choice(error)) from error
    except (HydraException, OmegaConfBaseException, AssertionError) as error:
        raise UserError(_unknown_key(error, overrides) or one_line(error)) from error
    _check_added(config, parse(overrides), config_name)
    return config


def _check_added(config: DictConfig, overrides: list[Override], config_name: str) -> None:
    """Refuse keys added with + or ++ that nothing reads; a ++ may also change a key that is there."""
    added = [o for o in overrides if (o.is_add() or o.is_force_add()) and not _is_group(_key(o))]
    strangers = [_key(o) for o in added if not _reaches_a_constructor(config, _key(o))]
    if strangers:
        others = _lines([o for o in overrides if o not in added])
        known = set(_dotted(compose(config_name, others)))
        for key in strangers:
            if key not in known:
                raise UserError(f"unknown key {key}{_nearest(key)}")


def _combinations(parsed: list[Override]) -> list[list[str]]:
    try:
        batches = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    except (HydraException, ValueError) as error:  # e.g. a range with a step of 0
        raise UserError(f"{' '.join(_swept(parsed))}: {one_line(error)}") from error
    found = [list(lines) for lines in itertools.chain.from_iterable(batches)]
    if not found:
        raise UserError(f"{' '.join(_swept(parsed))}: gives no cell, a key has no value")
    return found


def _swept(parsed: list[Override]) -> list[str]:
    return _lines([override for override in parsed if override.is_sweep_override()])


def _changed(base: DictConfig, values: list[Override]) -> DictConfig:
    """Give a copy of `base` other values: what composing again would give, in a tenth of the time."""
    config = copy.deepcopy(base)
    values = [override for override in values if not _key(override).startswith("hydra.")]
    try:
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(_unknown_key(error, _lines(values)) or one_line(error)) from error
    return config


def _key(override: Override) -> str:
    return str(override.key_or_group)


def _lines(overrides: list[Override]) -> list[str]:
    return [str(override.input_line) for override in overrides]


def _is_choice(value: Any) -> bool:
    return isinstance(value, str | list | Sweep | Glob)


def _is_group(key: str) -> bool:
    return (CONF / key.split("@")[0]).is_dir() or key.startswith("hydra")


def _reaches_a_constructor(config: DictConfig, key: str) -> bool:
    parts = key.split(".")
    nodes = (OmegaConf.select(config, ".".join(parts[:n])) for n in range(1, len(parts) + 1))
    return any(isinstance(node, DictConfig) and "_target_" in node for node in nodes)


def _unknown_choice(error: MissingConfigException) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    choices = ", ".join(sorted(error.options or []))
    return f"{group}={choice}: unknown, must be one of {choices}" if group else one_line(error)


def _unknown_key(error: Exception, overrides: list[str]) -> str | None:
    found = re.search(r"Could not override '([^']+)'", str(error))
    if found and (
        "not in struct" in str(error.__cause__) or "No match" in str(error) or "append" in str(error)
    ):
        return f"unknown key {found[1]}{_nearest(found[1])}"
    found = re.search(r"(?:[Ss]weep parameters|Ambiguous value for argument) '([^']+)'", str(error))
    return f"{found[1]}: several values need -m (multirun)" if found else None


def _nearest(key: str) -> str:
    config = compose("config")
    known = [*_dotted(config), *(path.name for path in CONF.iterdir() if path.is_dir())]
    tails = {name.rsplit(".", 1)[-1]: name for name in reversed(known)}
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    close = close or [
        tails[t] for t in difflib.get_close_matches(key.rsplit(".", 1)[-1], tails, n=1, cutoff=0.6)
    ]
    return f"; the nearest is {close[0]}" if close else "; see --help for the keys"


def _dotted(config: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in config:
        node: Any = config._get_node(key)
        yield f"{prefix}{key}"
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_interpolation():
            yield from _dotted(node, f"{prefix}{key}.")
