"""Keys that nothing reads: a misspelled one would be part of a run's identity and change nothing."""

import re
from collections.abc import Mapping
from typing import Any

from icv_lightning.declarations.settings import NEEDED, NODES, declared
from icv_lightning.nested import leaves, select

BUILT = (*NODES, "data", "trainer", "scheduler")  # what constructors get whole
COLLECTIONS = ("callbacks", "logger")  # of nodes, each of which a constructor gets
OTHERS = ("hydra", "search.space")  # Hydra's own, and the keys of others
KEY = re.compile(r"\$\{\s*([\w.]+)\s*\}")  # an interpolation of another key


def unread(config: Mapping[str, Any]) -> list[str]:
    """Return the keys that no constructor takes, no setting declares, and no interpolation mentions.

    Args:
        config: composed, as nested primitives, with its interpolations.
    """
    texts = [str(value) for _, value in leaves(config)]
    mentioned = {name for text in texts for name in KEY.findall(text)}
    settings = declared(config)
    groups = {key for key, setting in settings.items() if setting.kind == "group"}  # read key by key
    read = {*settings, *NEEDED, *mentioned, *OTHERS} - groups
    return [
        key
        for key, value in leaves(config)
        if not (key in groups or _is_built(config, key) or any(_within(key, other) for other in read))
    ]


def _is_built(config: Mapping[str, Any], key: str) -> bool:
    if ".about." in f".{key}.":  # what components say of themselves, of which nothing is built
        return not key.endswith("._target_")
    first, second, *_ = [*key.split("."), ""]
    nodes = (*BUILT, f"{first}.{second}") if first in COLLECTIONS else BUILT
    return any(_within(key, node) and _has_target(config, node) for node in nodes)


def _has_target(config: Mapping[str, Any], node: str) -> bool:
    found = select(config, node, None)
    return not isinstance(found, Mapping) or "_target_" in found


def _within(key: str, node: str) -> bool:
    return key == node or key.startswith(f"{node}.")
