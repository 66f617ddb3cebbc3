"""Titles and margins of data sets, from their YAML files and from records, by name."""

from collections.abc import Mapping
from typing import Any

from icv_lightning.declarations.choices import choices, described
from icv_lightning.escaping import printable
from icv_lightning.nested import select

_learned: dict[str, Mapping[str, Any]] = {}


def learn(config: Mapping[str, Any]) -> None:
    """Remember what a run's configuration says of its data set, which may be of another package."""
    name = select(config, "data.name", None)
    if name and name not in _learned:
        _learned[name] = select(described({"data": config["data"]}), "data.about", {}) or {}


def data_title(name: str) -> str:
    """Return how a data set is written in prose; its name where nothing says it."""
    return printable(str(_about(name).get("title", name)))


def margin(name: str, other: float) -> float:
    """Return the difference of accuracies within which runs on a data set are equally good, else `other`."""
    found = _about(name).get("margin")
    return float(found) if isinstance(found, int | float) else other


def _about(name: str) -> Mapping[str, Any]:
    own = (node.get("about") or {} for node in choices("data") if node.get("name") == name)
    return next(own, None) or _learned.get(name, {})  # no record changes what this package says of its own
