"""From a command line to the resolved configuration of each cell, with errors in one line, without torch."""

import difflib
import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, Sweep
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.quoting import is_text, parser, typed
from icv_lightning.configuration.resolution import Template, unresolved
from icv_lightning.configuration.unread import unread
from icv_lightning.declarations.choices import CONF as CONF
from icv_lightning.errors import UserError, one_line
from icv_lightning.nested import keys


class Composition:
    """What overrides compose to: one configuration, or with `multirun` those of a grid's cells.

    Args:
        overrides: as the command line has them.
        multirun: several values of a key are allowed, and make a grid.
        config_name: name of the primary configuration file.
        shown: it is to be shown and not to be run: the sweep of an experiment file may be left aside.

    Attributes:
        overrides: those, with the sweep that an experiment file holds written out, in front. A key on the
            command line takes the place of the file's values for it (Hydra would run the product).
        config: the configuration composed of those without several values, Hydra's own node included.

    Raises:
        UserError: the first override that cannot be read or does not fit, or an experiment file that holds a
            sweep, run without `multirun`, leaves keys without one value.
    """

    def __init__(
        self, overrides: Sequence[str], multirun: bool, config_name: str = "config", shown: bool = False
    ) -> None:
        self.multirun, self.config_name = multirun, config_name
        parsed = parse(overrides)
        self._check_experiments(parsed)
        fixed = [o for o in parsed if not (multirun and o.is_sweep_override())]
        self.config = composed(_lines(fixed), config_name)
        params = dict(self.config.hydra.sweeper.get("params") or {})
        given = {_key(override) for override in parsed}
        swept = {key: value for key, value in params.items() if key not in given}
        if swept and not (multirun or shown):
            raise UserError(
                f"a grid over {', '.join(params)}: add -m, or give one value for {', '.join(swept)}"
            )
        self.overrides = list(overrides)
        if params and multirun and not shown:
            own = [f"{key}={value}" for key, value in swept.items()]
            self.overrides = [*own, *overrides, "hydra.sweeper.params=null"]

    def cells(self) -> Iterator[Identity]:
        """Yield the cells in Hydra's order.

        Raises:
            UserError: the first value that does not fit.
        """
        if not self.multirun:
            yield Template(self.config).identity()
            return
        parsed = parse(self.overrides)
        swept = [_key(override) for override in parsed if override.is_sweep_override()]
        templates: dict[tuple[str, ...], Template] = {}
        for lines in _combinations(parsed):
            values = [o for o in parse(lines) if _key(o) in swept and _is_value(o, self.config)]
            others = tuple(_lines(o for o in parse(lines) if o not in values))
            try:
                if others not in templates:
                    config = (
                        self.config if len(values) == len(swept) else composed(list(others), self.config_name)
                    )
                    templates[others] = Template(config, values)
                found = templates[others].identity(values)
            except (HydraException, OmegaConfBaseException) as error:
                raise UserError(
                    _unknown_key(error, list(others), self.config_name) or one_line(error)
                ) from error
            yield found

    def _check_experiments(self, parsed: list[Override]) -> None:
        """Refuse several experiments of which one holds a sweep: Hydra would run its first cell alone."""
        for choices in (o.value() for o in parsed if _key(o) == "experiment"):
            for name in choices.list if isinstance(choices, ChoiceSweep) else ():
                alone = composed([f"experiment={name}"], self.config_name)
                if alone.hydra.sweeper.get("params"):
                    raise UserError(
                        f"experiment={name}: holds a grid of its own; give it alone, without others"
                    )


def parse(overrides: Sequence[str]) -> list[Override]:
    """Return parsed overrides; raise `UserError` for what is not key=value, or a choice that is none."""
    return [_parsed(text) for text in overrides]


@functools.cache
def _parsed(text: str) -> Override:
    try:
        override = parser().parse_override(text)
    except HydraException as error:
        advice = f"; type {typed(text)}" if is_text(text) and typed(text) else ", e.g. seed=1"
        raise UserError(f"{text}: cannot be read as key=value{advice}") from error
    key, value = _key(override), override.value()
    if not key or (is_group(key) and "." not in key and not (override.is_delete() or _is_choice(value))):
        raise UserError(f"{text}: must name a choice of a group, or a key and its value; see --help")
    return override


def is_group(key: str) -> bool:
    """Tell whether a key of an override names a group of files, or belongs to Hydra."""
    return _is_folder(key.split("@")[0]) or key.startswith("hydra")


@functools.cache
def _is_folder(name: str) -> bool:
    return (CONF / name).is_dir()


def composed(overrides: list[str], config_name: str) -> DictConfig:
    """Return one configuration with Hydra's own node; raise `UserError` for an unknown key or choice."""
    try:
        config = compose(config_name, overrides, return_hydra_config=True)
    except MissingConfigException as error:
        raise UserError(_unknown_choice(error)) from error
    except (HydraException, OmegaConfBaseException, AssertionError, YAMLError) as error:
        raise UserError(_unknown_key(error, overrides, config_name) or one_line(error)) from error
    _check_read(config, overrides, config_name)
    return config


def _check_read(config: DictConfig, overrides: list[str], config_name: str) -> None:
    """Refuse keys that nothing reads, in overrides and in files."""
    strangers = unread(unresolved(config))
    if strangers:
        key = strangers[0].removesuffix("._target_")
        raise UserError(f"unknown key {key}{_nearest(key, overrides, config_name)}")


def _combinations(parsed: list[Override]) -> list[list[str]]:
    swept = " ".join(_lines([override for override in parsed if override.is_sweep_override()]))
    try:
        batches = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    except (HydraException, ValueError) as error:  # e.g. a range with a step of 0
        raise UserError(f"{swept}: {one_line(error)}") from error
    found = [list(lines) for lines in itertools.chain.from_iterable(batches)]
    if not found:
        raise UserError(f"{swept}: gives no cell, a key has no value")
    return found


def _is_value(override: Override, config: DictConfig) -> bool:
    """Tell whether an override gives a key another single value, which changes nothing else in `config`."""
    key, value = _key(override), override.value()
    if override.is_add() or override.is_delete() or is_group(key) or isinstance(value, dict):
        return False
    return not OmegaConf.is_dict(OmegaConf.select(config, key, throw_on_resolution_failure=False))


def _key(override: Override) -> str:
    return str(override.key_or_group)


def _lines(overrides: Iterable[Override]) -> list[str]:
    return [str(override.input_line) for override in overrides]


def _is_choice(value: Any) -> bool:
    return isinstance(value, str | list | Sweep | Glob)


def _unknown_choice(error: MissingConfigException) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    choices = ", ".join(sorted(error.options or []))
    return f"{group}={choice}: unknown, must be one of {choices}" if group else one_line(error)


def _unknown_key(error: Exception, overrides: list[str], config_name: str) -> str | None:
    if found := re.search(r"Could not append to config. An item is already at '([^']+)'", str(error)):
        return f"+{found[1]}: is a key already; leave out the +"
    found = re.search(r"Could not override '([^']+)'", str(error))
    if found and (
        "not in struct" in str(error.__cause__) or "No match" in str(error) or "append" in str(error)
    ):
        return f"unknown key {found[1]}{_nearest(found[1], overrides, config_name)}"
    found = re.search(r"(?:[Ss]weep parameters|Ambiguous value for argument) '([^']+)'", str(error))
    return f"{found[1]}: several values need -m (multirun)" if found else None


def _nearest(key: str, overrides: list[str], config_name: str) -> str:
    """Return a hint at the key that was meant, among those of the groups that are chosen."""
    chosen = [text for text in overrides if is_group(_key(_parsed(text)))]
    try:
        config = compose(config_name, chosen)
    except (HydraException, OmegaConfBaseException, AssertionError, YAMLError):
        config = compose("config")
    known = [
        *sorted(keys(OmegaConf.to_container(config))),
        *(path.name for path in CONF.iterdir() if path.is_dir()),
    ]
    tails = {name.rsplit(".", 1)[-1]: name for name in reversed(known)}
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    close = close or [
        tails[t] for t in difflib.get_close_matches(key.rsplit(".", 1)[-1], tails, n=1, cutoff=0.6)
    ]
    return f"; the nearest is {close[0]}" if close else "; see --help for the keys"
