"""From a command line to the resolved configuration of each cell, with errors in one line, without torch."""

import itertools
from collections.abc import Iterator, Sequence

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.overrides import is_group, key_of, lines_of, parse
from icv_lightning.configuration.resolution import Template, unresolved
from icv_lightning.configuration.unknown_keys import explained, nearest
from icv_lightning.configuration.unread import unread
from icv_lightning.declarations.choices import CONF as CONF
from icv_lightning.errors import UserError, one_line


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
        self.config = composed(lines_of(fixed), config_name)
        params = dict(self.config.hydra.sweeper.get("params") or {})
        given = {key_of(override) for override in parsed}
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
        swept = [key_of(override) for override in parsed if override.is_sweep_override()]
        templates: dict[tuple[str, ...], Template] = {}
        for lines in _combinations(parsed):
            values = [o for o in parse(lines) if key_of(o) in swept and _is_value(o, self.config)]
            others = tuple(lines_of(o for o in parse(lines) if o not in values))
            try:
                if others not in templates:
                    config = (
                        self.config if len(values) == len(swept) else composed(list(others), self.config_name)
                    )
                    templates[others] = Template(config, values)
                found = templates[others].identity(values)
            except (HydraException, OmegaConfBaseException) as error:
                raise UserError(explained(error, list(others), self.config_name)) from error
            yield found

    def _check_experiments(self, parsed: list[Override]) -> None:
        """Refuse several experiments of which one holds a sweep: Hydra would run its first cell alone."""
        for choices in (o.value() for o in parsed if key_of(o) == "experiment"):
            for name in choices.list if isinstance(choices, ChoiceSweep) else ():
                alone = composed([f"experiment={name}"], self.config_name)
                if alone.hydra.sweeper.get("params"):
                    raise UserError(
                        f"experiment={name}: holds a grid of its own; give it alone, without others"
                    )


def composed(overrides: list[str], config_name: str) -> DictConfig:
    """Return one configuration with Hydra's own node; raise `UserError` for an unknown key or choice."""
    try:
        config = compose(config_name, overrides, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException, AssertionError, YAMLError) as error:
        raise UserError(explained(error, overrides, config_name)) from error
    if strangers := unread(unresolved(config)):
        key = strangers[0].removesuffix("._target_")
        raise UserError(f"unknown key {key}{nearest(key, overrides, config_name)}")
    return config


def _combinations(parsed: list[Override]) -> list[list[str]]:
    swept = " ".join(lines_of([override for override in parsed if override.is_sweep_override()]))
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
    key, value = key_of(override), override.value()
    if override.is_add() or override.is_delete() or is_group(key) or isinstance(value, dict):
        return False
    return not OmegaConf.is_dict(OmegaConf.select(config, key, throw_on_resolution_failure=False))
