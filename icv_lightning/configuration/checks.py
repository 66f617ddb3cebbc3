"""Every check of settings that needs no torch, for a run or all cells of a grid, before anything starts."""

import functools
import importlib.util
import re
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra import initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.conf import HydraConf
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override

from icv_lightning.configuration.composition import CONF, Composition
from icv_lightning.configuration.conflicts import check_centroids, check_devices, check_trainer
from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.overrides import parse
from icv_lightning.configuration.paths import check_place, check_starting_point
from icv_lightning.configuration.provenance import check_record
from icv_lightning.configuration.quoting import check_texts, searchpath
from icv_lightning.configuration.recipes import check_recipe
from icv_lightning.configuration.secrets import check_no_secret
from icv_lightning.configuration.wandb_login import check_login
from icv_lightning.data.sizes import check_sizes, look_again
from icv_lightning.errors import UserError
from icv_lightning.nested import leaves, select
from icv_lightning.terminal.exit_status import refuse

SAFE_NAME = re.compile(r"[\w+=,@-][\w+=,@. -]*")
NAMES = ("name", "data.name", "centroids.name", "model.name", "loss.name")  # in folders, tables and logs
PLACED = "a run's folder is placed by paths.outputs and name"
FIXED = dict.fromkeys(("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir"), PLACED)
FIXED |= dict.fromkeys(("hydra.output_subdir", "hydra.job.chdir"), "others rely on it, it cannot be changed")
FIXED |= {"hydra.mode": "give -m for a grid, or leave it out"}
LAUNCHERS = ("joblib", "ray", "submitit")  # extras; hydra/launcher=… begins with their names
_found = functools.cache(importlib.util.find_spec)  # a grid asks for the same packages in every cell


class Request(NamedTuple):
    """A checked command line.

    Attributes:
        argv: arguments for Hydra's own command line.
        cells: cells to run; none for --help and the like.
        multirun: whether they are a grid.
        composition: configuration composed of the overrides.
        hydra: the Hydra instance that composed it.
    """

    argv: list[str]
    cells: list[Identity]
    multirun: bool
    composition: Composition | None = None
    hydra: Any = None


def check(argv: Sequence[str]) -> Request:
    """Compose and check what the command line asks for.

    Raises:
        UserError: the first wrong setting, in one line.
    """
    look_again()
    args = _parsed(argv)
    if args.help or args.hydra_help or args.info or args.shell_completion:
        return Request(list(argv), [], False)
    for option, folder in (("--config-dir", args.config_dir), ("--config-path", args.config_path)):
        if folder and not Path(folder).is_dir():
            raise UserError(f"{option} {folder}: no such folder")
    folder = str(Path(args.config_path).absolute()) if args.config_path else str(CONF)
    searched = [searchpath(args.config_dir)] if args.config_dir else []
    _check_config_name(args.config_name, args.config_dir, Path(folder))
    given = [*args.overrides, *searched]
    parsed = parse(given)
    check_no_secret((str(override.key_or_group), override.value()) for override in parsed)
    _check_hydra_keys(parsed)
    check_texts(parsed, args.multirun)
    with initialize_config_dir(folder, job_name="run", version_base="1.3"):
        found = Composition(given, args.multirun, args.config_name or "config", shown=bool(args.cfg))
        _check_launcher(found.overrides)
        cells = list(found.cells())
        hydra = GlobalHydra.instance().hydra
    for cell in cells:
        check_cell(cell, args.multirun)
    flags = [word for word in argv if word not in args.overrides]
    handed = [override for override in found.overrides if override not in searched]
    return Request([*flags, *handed], [] if args.cfg else cells, args.multirun, found, hydra)


def _check_config_name(name: str | None, beside: str | None, folder: Path) -> None:
    """Refuse a first file that is not in `folder`, or one in the folder `beside`, which would not be read."""
    file = f"{(name or 'config').removesuffix('.yaml')}.yaml"
    if name and beside and (Path(beside) / file).exists():
        raise UserError(
            f"--config-name {name}: {Path(beside) / file} would not be read, name its folder with "
            "--config-path; --rerun FOLDER starts a run again"
        )
    if not (folder / file).is_file():
        raise UserError(f"--config-name {name or 'config'}: there is no {folder / file}")


def _parsed(argv: Sequence[str]) -> Namespace:
    """Return Hydra's reading of the command line, in which flags may stand between overrides."""
    parser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]
    return parser.parse_intermixed_args(list(argv))


def check_cell(cell: Identity, multirun: bool = False) -> None:
    """Check the configuration of one run beyond its single values: names, places, and what fits together.

    Raises:
        UserError: naming the key, the value and what is allowed.
    """
    config = cell.config
    for key in NAMES:
        name = select(config, key)
        if not isinstance(name, str) or not SAFE_NAME.fullmatch(name):
            raise UserError(
                f"{key}={name}: must be a plain folder name, without / and not starting with a dot"
            )
    if config["cell"] != cell.name:
        raise UserError(f"cell={config['cell']}: is made of the settings, {cell.name}; choose another name=…")
    check_no_secret(config.items())
    _check_targets(config)
    check_centroids(config)
    check_trainer(config)
    check_recipe(config)
    check_devices(config, multirun)
    check_sizes(config["data"])
    check_place(config)
    check_starting_point(config)
    check_record(cell)
    if select(config, "logger.wandb.offline") is False:
        check_login()


def _check_targets(config: Any) -> None:
    """Refuse a `_target_` of a package that is not installed; whether the class exists needs an import."""
    for key, target in leaves(config):
        if key.endswith("._target_") and not _found(str(target).partition(".")[0] or "."):
            raise UserError(f"{key}={target}: there is no such package here")


def _check_launcher(overrides: Sequence[str]) -> None:
    for override in parse(overrides):
        extra = str(override.value()).partition("_")[0]
        if override.key_or_group != "hydra/launcher" or extra not in LAUNCHERS:
            continue
        if not importlib.util.find_spec(f"hydra_plugins.hydra_{extra}_launcher"):
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
