"""The YAML files of conf/, and what they say of the components that a record names."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from icv_lightning.declarations.settings import ABOUT, SETTINGS, Setting, declared
from icv_lightning.nested import leaves, select

PACKAGE = Path(__file__).resolve().parents[1]
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())


def described(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's configuration with `about` in each group that has none and is one of this package's.

    Args:
        config: resolved, as a run's results.json holds it.
    """
    return {group: _with_about(group, node) for group, node in config.items()}


def component_keys() -> Iterator[tuple[str, str, Setting]]:
    """Yield what the files of conf/ declare: dotted key, choice (`group=file`), setting."""
    for path in sorted(CONF.glob("*/*.yaml")):
        group, node = path.parent.name, OmegaConf.load(path)
        content: Any = OmegaConf.to_container(node)
        keys = select(content, f"{ABOUT}.keys", {}) or {}
        for key, setting in declared({group: {ABOUT: {"keys": keys}}}).items():
            if key not in SETTINGS:
                yield key, f"{group}={path.stem}", setting


def _with_about(group: str, node: Any) -> Any:
    if not isinstance(node, Mapping) or ABOUT in node:
        return node
    for choice in choices(group):
        if _targets(choice) == _targets(node) and choice.get("name", "$") in ("$", node.get("name")):
            root = OmegaConf.create({group: {**node, ABOUT: choice.get(ABOUT, {})}})
            return {**node, ABOUT: dict(_resolved(root[group][ABOUT]))}
    return node


def _resolved(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield what can be resolved here: pictures that are counted may lie elsewhere."""
    for key in node:
        try:
            value = node[key]
            yield (
                str(key),
                OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value,
            )
        except OmegaConfBaseException:
            continue


@functools.cache
def choices(group: str) -> list[dict[str, Any]]:
    """Return the files of a group as they are written; a name that is made of others is "$"."""
    found: list[Any] = [
        OmegaConf.to_container(OmegaConf.load(path)) for path in (CONF / group).glob("*.yaml")
    ]
    return [{**node, "name": "$"} if "$" in str(node.get("name")) else node for node in found]


def _targets(node: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in leaves(node) if k.rpartition(".")[2] == "_target_" and ".transforms." not in k}
