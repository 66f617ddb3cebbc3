"""What is said of a key or a choice that does not exist: the nearest that does."""

import difflib
import re

from hydra import compose
from hydra.errors import HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from icv_lightning.configuration.overrides import is_group, key_of, parse_one
from icv_lightning.declarations.choices import CONF
from icv_lightning.errors import one_line
from icv_lightning.nested import keys


def explained(error: Exception, overrides: list[str], config_name: str) -> str:
    """Return in one line why Hydra or OmegaConf composes nothing of `overrides`."""
    text = str(error)
    if isinstance(error, MissingConfigException) and "/" in (error.missing_cfg_file or ""):
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return f"{group}={choice}: unknown, must be one of {', '.join(sorted(error.options or []))}"
    if found := re.search(r"Could not append to config. An item is already at '([^']+)'", text):
        return f"+{found[1]}: is a key already; leave out the +"
    found = re.search(r"Could not override '([^']+)'", text)
    if found and ("not in struct" in str(error.__cause__) or "No match" in text or "append" in text):
        return f"unknown key {found[1]}{nearest(found[1], overrides, config_name)}"
    found = re.search(r"(?:[Ss]weep parameters|Ambiguous value for argument) '([^']+)'", text)
    return f"{found[1]}: several values need -m (multirun)" if found else one_line(error)


def nearest(key: str, overrides: list[str], config_name: str) -> str:
    """Return a hint at the key that was meant, among those of the groups that are chosen."""
    chosen = [text for text in overrides if is_group(key_of(parse_one(text)))]
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
