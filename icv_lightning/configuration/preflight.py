"""Every check of settings that needs no torch, for a run or all cells of a grid, before Hydra starts."""

import importlib.util
import re
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from hydra import initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.conf import HydraConf
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from icv_lightning.configuration.combinations import check_centroids, check_devices
from icv_lightning.configuration.composition import CONF, arguments, cells, parse
from icv_lightning.configuration.identity import cell_name
from icv_lightning.configuration.paths import check_place, check_starting_point
from icv_lightning.configuration.recipes import check_recipe
from icv_lightning.configuration.secrets import check_no_secret
from icv_lightning.configuration.settings import ADDED, SETTINGS, check_value
from icv_lightning.configuration.wandb_login import check_login
from icv_lightning.data.sizes import check_sizes
from icv_lightning.errors import UserError

SAFE_NAME = re.compile(r"[\w+=,@-][\w+=,@. -]*")
NODES = ("model.net", "model.head", "centroids.layer", "loss.criterion", "optimizer.algorithm")
NEEDED = (  # what a run reads beside constructors, and may have been taken away with ~
    *NODES,
    *("name", "seed", "force", "workers", "threads", "gpu_share", "ckpt_path", "cell"),
    *("paths.outputs", "paths.run", "data.name", "data.num_classes", "data.batch_size", "data.val_size"),
    *("model.name", "model.embedding_dim", "model.normalize", "centroids.name", "loss.name", "loss.lambda"),
    *("optimizer.lr", "optimizer.centroid_lr", "trainer.max_epochs", "trainer.accelerator"),
)
NAMES = ("name", "data.name", "centroids.name", "model.name", "loss.name")  # in folders, tables and logs
PLACED = "a run's folder is placed by paths.outputs and name"
FIXED = dict.fromkeys(("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir"), PLACED)
FIXED |= dict.fromkeys(("hydra.output_subdir", "hydra.job.chdir"), "others rely on it, it cannot be changed")
FIXED |= {"hydra.mode": "give -m for a grid, or leave it out"}
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
    args = _parsed(argv)
    if args.help or args.hydra_help or args.info or args.shell_completion:
        return Request(list(argv), [], False)
    for option, folder in (("--config-dir", args.config_dir), ("--config-path", args.config_path)):
        if folder and not Path(folder).is_dir():
            raise UserError(f"{option} {folder}: no such folder")
    folder = str(Path(args.config_path).absolute()) if args.config_path else str(CONF)
    searched = [f"hydra.searchpath=[{Path(args.config_dir).absolute()}]"] if args.config_dir else []
    name = args.config_name or "config"
    with initialize_config_dir(folder, version_base="1.3"):
        given = [*args.overrides, *searched]
        parsed = parse(given)
        check_no_secret((str(override.key_or_group), override.value()) for override in parsed)
        _check_hydra_keys(parsed)
        overrides = given if args.cfg else arguments(given, args.multirun, name)
        _check_launcher(overrides)
        configs = list(cells(overrides, args.multirun, name))
    for config in configs:
        check_config(config, multirun=args.multirun)
    flags = [word for word in argv if word not in args.overrides]
    handed = [override for override in overrides if override not in searched]
    return Request([*flags, *handed], [] if args.cfg else configs, args.multirun)


def _parsed(argv: Sequence[str]) -> Namespace:
    """Return Hydra's reading of the command line, in which flags may stand between overrides."""

    def refuse(message: str) -> NoReturn:
        raise UserError(f"{message}; see --help")

    parser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]
    return parser.parse_intermixed_args(list(argv))


def check_config(config: DictConfig, multirun: bool = False) -> None:
    """Check one composed configuration: values, missing ones, names, and what cannot be in a grid.

    Raises:
        UserError: naming the key, the value and what is allowed.
    """
    for key in (*SETTINGS, *ADDED, *NEEDED):
        value = _selected(config, key)
        if (value is _ABSENT and key in NEEDED) or (value is None and key in NODES):
            raise UserError(f"{key}: must be given, as {key}=…")
        if value is not _ABSENT:
            check_value(key, value)
    for key in NAMES:
        name = _selected(config, key)
        if not isinstance(name, str) or not SAFE_NAME.fullmatch(name):
            raise UserError(
                f"{key}={name}: must be a plain folder name, without / and not starting with a dot"
            )
    _check_cell(config)
    _check_targets(config)
    check_centroids(config)
    check_recipe(config)
    check_devices(config, multirun)
    check_sizes(config.data)
    check_place(config)
    check_starting_point(config)
    if OmegaConf.select(config, "logger.wandb.offline") is False:
        check_login()


def _selected(config: DictConfig, key: str) -> Any:
    try:
        return OmegaConf.select(config, key, default=_ABSENT, throw_on_missing=True)
    except MissingMandatoryValue as error:
        raise UserError(f"{key}: must be given, as {key}=…") from error
    except OmegaConfBaseException as error:
        raise _said(error, key) from error


def _said(error: OmegaConfBaseException, key: str = "") -> UserError:
    """Return what is wrong with a value that other values make: a resolver's own words, or OmegaConf's."""
    cause = error.__cause__ or error.__context__
    while cause:
        if isinstance(cause, UserError):
            return cause
        cause = cause.__cause__ or cause.__context__
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return UserError(f"{key or error.full_key}: {first}")


_ABSENT = object()


def _check_cell(config: DictConfig) -> None:
    """Refuse another name for the cell's folder, and whatever cannot be resolved into one configuration."""
    try:
        container = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        cell = cell_name(config)
    except OmegaConfBaseException as error:
        raise _said(error) from error
    if config.cell != cell:
        raise UserError(f"cell={config.cell}: is made of the settings, {cell}; choose another name=…")
    assert isinstance(container, dict)
    check_no_secret((str(key), value) for key, value in container.items())


def _check_targets(config: DictConfig) -> None:
    """Refuse a `_target_` of a package that is not installed; whether the class exists needs an import."""
    nodes: list[tuple[str, Any]] = [("", config)]
    while nodes:
        path, node = nodes.pop()
        if isinstance(node, DictConfig):
            target = node.get("_target_")
            if target is not None and not importlib.util.find_spec(str(target).partition(".")[0] or "."):
                raise UserError(f"{path}._target_={target}: there is no such package here")
            nodes += [(f"{path}.{key}".lstrip("."), node[key]) for key in node]


def _check_launcher(overrides: Sequence[str]) -> None:
    for override in parse(overrides):
        extra, module = LAUNCHERS.get(str(override.value()), ("", ""))
        if override.key_or_group == "hydra/launcher" and extra and not importlib.util.find_spec(module):
            raise UserError(f"hydra/launcher={override.value()}: needs pip install 'icv-lightning[{extra}]'")


def _check_hydra_keys(overrides: Sequence[Override]) -> None:
    for override in overrides:
        key = str(override.key_or_group)
        if key in FIXED:
            raise UserError(f"{key}: {FIXED[key]}")
        first, _, second = key.partition(".")
        if first == "hydra" and second and second.partition(".")[0] not in HydraConf.__dataclass_fields__:
            raise UserError(f"unknown key {key}; see --hydra-help")
        if key in ("hydra.launcher", "hydra.sweeper"):
            raise UserError(f"{override.input_line}: is chosen with a slash, {key.replace('.', '/')}=…")
