"""Every check of settings that needs no torch, for a run or all cells of a grid, before Hydra starts."""

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from icv_lightning.errors import UserError
from icv_lightning.login import check_login
from icv_lightning.settings import SETTINGS, check_value

PACKAGE = Path(__file__).resolve().parent
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())
SAFE_NAME = re.compile(r"[\w+=,@-][\w+=,@. -]*")


def check(argv: Sequence[str]) -> None:
    """Compose and check what the command line asks for.

    Raises:
        UserError: the first wrong setting, in one line.
    """
    args = get_args_parser().parse_args(list(argv))
    if args.help or args.hydra_help or args.info or args.shell_completion:
        return
    folder = str(Path(args.config_path).absolute()) if args.config_path else str(CONF)
    searched = [f"hydra.searchpath=[{Path(args.config_dir).absolute()}]"] if args.config_dir else []
    with initialize_config_dir(folder, version_base="1.3"):
        for overrides in _cells([*args.overrides, *searched], args.multirun, args.config_name or "config"):
            config = _composed(overrides, args.config_name or "config")
            check_config(config, multirun=args.multirun)


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
            raise UserError(_one_line(_root_cause(error))) from error
        if value is not _ABSENT:
            check_value(key, value)
    for key in ("name", "data.name"):
        name = OmegaConf.select(config, key)
        if not isinstance(name, str) or not SAFE_NAME.fullmatch(name):
            raise UserError(
                f"{key}={name}: must be a plain folder name, without / and not starting with a dot"
            )
    if multirun:
        _check_one_device(config)
    if OmegaConf.select(config, "logger.wandb.offline") is False:
        check_login()
    try:
        OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, UserError) as error:
        raise UserError(_one_line(_root_cause(error))) from error


_ABSENT = object()


def _check_one_device(config: DictConfig) -> None:
    strategy, devices = config.trainer.get("strategy", "auto"), config.trainer.get("devices", 1)
    if str(strategy).startswith(("ddp", "fsdp", "deepspeed")) or devices not in (1, "1", "auto", [0]):
        raise UserError(
            f"trainer.strategy={strategy} trainer.devices={devices}: a cell of a multirun is one process on "
            "one device; run the cells one by one, or leave both as they are"
        )


def _cells(overrides: list[str], multirun: bool, config_name: str) -> Iterator[list[str]]:
    parsed = _parsed(overrides)
    if not multirun:
        yield overrides
        return
    fixed = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
    config = _composed(fixed, config_name, with_hydra=True)
    swept = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    batches = BasicSweeper.split_arguments(_parsed([*swept, *overrides]), max_batch_size=None)
    yield from itertools.chain.from_iterable(batches)


def _parsed(overrides: Sequence[str]) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise UserError(_malformed(error)) from error


def _composed(overrides: list[str], config_name: str, with_hydra: bool = False) -> DictConfig:
    try:
        config = compose(config_name, overrides, return_hydra_config=with_hydra)
    except MissingConfigException as error:
        raise UserError(_unknown_choice(error)) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(_unknown_key(error, overrides) or _one_line(error)) from error
    for override in _parsed(overrides):
        key = str(override.key_or_group)
        if override.is_add() and not _is_group(key) and not _reaches_a_constructor(config, key):
            raise UserError(f"unknown key {key}{_nearest(key)}")
    return config


def _is_group(key: str) -> bool:
    return (CONF / key.split("@")[0]).is_dir() or key.startswith("hydra")


def _reaches_a_constructor(config: DictConfig, key: str) -> bool:
    parts = key.split(".")
    nodes = (OmegaConf.select(config, ".".join(parts[:n])) for n in range(1, len(parts) + 1))
    return any(isinstance(node, DictConfig) and "_target_" in node for node in nodes)


def _unknown_choice(error: MissingConfigException) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    choices = ", ".join(sorted(error.options or []))
    return f"{group}={choice}: unknown, must be one of {choices}" if group else _one_line(error)


def _unknown_key(error: Exception, overrides: list[str]) -> str | None:
    found = re.search(r"Could not override '([^']+)'", str(error))
    if found and (
        "not in struct" in str(error.__cause__) or "No match" in str(error) or "append" in str(error)
    ):
        return f"unknown key {found[1]}{_nearest(found[1])}"
    found = re.search(r"(?:[Ss]weep parameters|Ambiguous value for argument) '([^']+)'", str(error))
    return f"{found[1]}: several values need -m (multirun)" if found else None


def _malformed(error: Exception) -> str:
    found = re.search(r"Error parsing override '(.*)'", str(error))
    return f"{found[1]}: cannot be read as key=value" if found else _one_line(error)


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


def _root_cause(error: BaseException) -> BaseException:
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
