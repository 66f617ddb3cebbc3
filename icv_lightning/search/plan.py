"""What a search looks for: the settings of all trials, and the space that they are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from icv_lightning.configuration import checks
from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.recipes import has_validation
from icv_lightning.configuration.short_words import full_key
from icv_lightning.errors import UserError, one_line
from icv_lightning.search.space import assigned, read_space, without


@dataclass(frozen=True)
class SearchPlan:
    """What a search looks for.

    Attributes:
        overrides: overrides of every trial's run.
        config: the composed configuration, with the `search` node.
        space: the distributions by dotted key.
    """

    overrides: Sequence[str]
    config: DictConfig
    space: dict[str, BaseDistribution]

    @property
    def folder(self) -> Path:
        """Return where trials and state are."""
        return Path(self.config.paths.outputs) / self.config.name

    def arguments(self, params: Mapping[str, Any], *more: str) -> list[str]:
        """Return the overrides of the run that has `params`; `more` overrule them."""
        chosen = [assigned(key, params[key]) for key in self.space]
        taken = [text.partition("=")[0] for text in (*chosen, *more)]
        return [*without(self.overrides, taken), *chosen, *more]

    def run_folder(self, trial: FrozenTrial) -> Path:
        """Return the folder that the trial's settings name."""
        return self.folder / trial.user_attrs["cell"]


def read_plan(arguments: Sequence[str]) -> SearchPlan:
    """Compose and check what the command line asks for.

    Raises:
        UserError: the first wrong setting, in one line.
    """
    arguments = [full_key(text) for text in arguments]
    checked = checks.check([text for text in arguments if not text.lstrip("+~").startswith("search.space")])
    config = composed(arguments)
    if config.get("search") is None:
        raise UserError("search: no settings to search; give experiment=search_lambda or search=lambda_dim")
    if not has_validation(config.data):
        raise UserError("data.val_size=0: a search needs a validation part: data.val_size=5000")
    own = [text for text in arguments if not text.lstrip("+~").startswith(("search.", "search="))]
    settings: Any = OmegaConf.to_container(config.search, resolve=True)
    return SearchPlan(own, config, read_space(settings.get("space") or {}, own, checked.cells[0].declared))


def composed(overrides: Sequence[str]) -> DictConfig:
    """Return what `overrides` compose to; raise `UserError` where they do not."""
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("config", list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(error)) from error


def words(trial: FrozenTrial) -> str:
    """Return the trial's settings as the command line takes them."""
    return " ".join(assigned(key, value) for key, value in trial.params.items())
