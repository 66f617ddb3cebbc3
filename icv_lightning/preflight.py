"""Every check of settings that needs no torch, for a run or all cells of a grid, before Hydra starts."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hydra import initialize_config_dir
from hydra._internal.utils import get_args_parser
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from icv_lightning.composition import CONF, arguments, cells, one_line, parse
from icv_lightning.errors import UserError
from icv_lightning.login import check_login
from icv_lightning.settings import SETTINGS, check_value

SAFE_NAME = re.compile(r"[\w+=,@-][\w+=,@. -]*")
LAUNCHERS = {  # hydra/launcher=… to the extra and the plugin's module
    "joblib": ("joblib", "hydra_plugins.hydra_joblib_launcher"),
    "ray": ("ray", "hydra_plugins.hydra_ray_launcher"),
    "ray_cluster": ("ray", "hydra_plugins.hydra_ray_launcher"),
    "submitit_local": ("submitit", "hydra_plugins.hydra_submitit_launcher"),
    "submitit_slurm": ("submitit", "hydra_plugins.hydra_submitit_launcher"),
}


class Request(NamedTuple):
    """What a command line asks for: arguments for Hydra, and the cells to run (none for help)."""

    argv: list[str]
    cells: list[DictConfig]
    multirun: bool


def check(argv: Sequence[str]) -> Request:
    """Compose and check what the command line asks for.

    Raises:
        UserError: the first wrong setting, in one line.
    """
    args = get_args_parser().parse_args(list(argv))
    if args.help or args.hydra_help or args.info or args.shell_completion:
        return Request(list(argv), [], False)
    folder = str(Path(args.config_path).absolute()) if args.config_path else str(CONF)
    searched = [f"hydra.searchpath=[{Path(args.config_dir).absolute()}]"] if args.config_dir else []
    name = args.config_name or "config"
    with initialize_config_dir(folder, version_base="1.3"):
        given = [*args.overrides, *searched]
        overrides = given if args.cfg else arguments(given, args.multirun, name)
        _check_launcher(overrides)
        configs = list(cells(overrides, args.multirun, name))
    for config in configs:
        check_config(config, multirun=args.multirun)
    flags = [word for word in argv if word not in args.overrides]
    handed = [override for override in overrides if override not in searched]
    return Request([*flags, *handed], [] if args.cfg else configs, args.multirun)


def check_config(config: DictConfig, multirun: bool = False) -> None:
    """Check one composed configuration: values, missing ones, names, and what cannot be in a grid.

    Raises:
        UserError: naming the key, the value and what is allowed.
    """
    for key in SETTINGS:
        try:
            value = OmegaConf.select(config, key, default=_ABSENT, throw_on_missing=True)
        except MissingMandatoryValue as error:
            raise UserError(f"{key}: must be given, as {key}=…") from error
        except OmegaConfBaseException as error:
            raise UserError(one_line(_root_cause(error))) from error
        if value is not _ABSENT:
            check_value(key, value)
    for key in ("name", "data.name"):
        name = OmegaConf.select(config, key)
        if not isinstance(name, str) or not SAFE_NAME.fullmatch(name):
            raise UserError(
                f"{key}={name}: must be a plain folder name, without / and not starting with a dot"
            )
    _check_centroid_lr(config)
    if multirun:
        _check_one_device(config)
    if OmegaConf.select(config, "logger.wandb.offline") is False:
        check_login()
    try:
        OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, UserError) as error:
        raise UserError(one_line(_root_cause(error))) from error


_ABSENT = object()


def _check_centroid_lr(config: DictConfig) -> None:
    rate, rule = config.optimizer.centroid_lr, config.centroids.name
    if rate is not None and rule in ("batch_mean", "one_by_one"):
        raise UserError(
            f"optimizer.centroid_lr={rate}: must be null with centroids={rule}, which moves outside the "
            "gradient, by centroids.layer.alpha"
        )


def _check_one_device(config: DictConfig) -> None:
    strategy, devices = config.trainer.get("strategy", "auto"), config.trainer.get("devices", 1)
    if str(strategy).startswith(("ddp", "fsdp", "deepspeed")) or devices not in (1, "1", "auto", [0]):
        raise UserError(
            f"trainer.strategy={strategy} trainer.devices={devices}: a cell of a multirun is one process on "
            "one device; run the cells one by one, or leave both as they are"
        )


def _check_launcher(overrides: Sequence[str]) -> None:
    for override in parse(overrides):
        extra, module = LAUNCHERS.get(str(override.value()), ("", ""))
        if override.key_or_group == "hydra/launcher" and extra and not importlib.util.find_spec(module):
            raise UserError(f"hydra/launcher={override.value()}: needs pip install 'icv-lightning[{extra}]'")


def _root_cause(error: BaseException) -> BaseException:
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return error
