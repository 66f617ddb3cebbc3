"""Checks of results.json, whoever wrote it: tables and figures use only what passes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from icv_lightning.nested import is_number
from icv_lightning.records.trust import check_plain

GROUPS = ("data", "model", "centroids", "loss", "optimizer", "trainer")


def check_results(results: Any) -> None:
    """Raise `ValueError` for results of which a report cannot be made: the key and its value."""
    if not isinstance(results, Mapping):
        raise ValueError("results.json holds no results")
    if wrong := next(_wrong(results), None):
        key, value = wrong
        said = f"{key} is {str(value)[:60]!r}" if value is not None else f"has no {key}"
        raise ValueError(f"results.json: {said}")
    check_plain(results.get("config"), "results.json: config")


def _wrong(results: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys that are not as a run writes them, dotted, each with its value."""
    kinds: dict[str, Callable[[Any], bool]] = {"status": _is_text, "cell": _is_node, "config": _is_node}
    yield from _unlike(results, kinds)
    cell, config = results.get("cell"), results.get("config")
    if isinstance(cell, Mapping):
        yield from _unlike(cell, CELL, "cell.")
    if isinstance(config, Mapping):
        yield from _unlike(config, {key: _is_node for key in GROUPS if key in config}, "config.")
        trainer = config.get("trainer")
        if isinstance(trainer, Mapping) and not _is_count(trainer.get("max_epochs", 1)):
            yield "config.trainer.max_epochs", trainer["max_epochs"]
    optional = {key: check for key, check in OPTIONAL.items() if results.get(key) is not None}
    yield from _unlike(results, optional)


def _unlike(
    node: Mapping[str, Any], kinds: Mapping[str, Callable[[Any], bool]], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    yield from ((f"{prefix}{key}", node.get(key)) for key, check in kinds.items() if not check(node.get(key)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_node(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _numbers_or_none(value: Any) -> bool:
    values = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list) and all(x is None or is_number(x) for x in values)


def _matrix(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, list) and len(row) == len(value) and _numbers_or_none(row) for row in value
    )


CELL: Mapping[str, Callable[[Any], bool]] = {
    "data": _is_text,
    "lambda": is_number,
    "embedding_dim": lambda value: _is_count(value) and value > 0,
    "normalize": lambda value: isinstance(value, bool),
    "seed": _is_count,
}
OPTIONAL: Mapping[str, Callable[[Any], bool]] = {
    "metrics": lambda value: isinstance(value, Mapping) and _numbers_or_none(value),
    "measures": lambda value: isinstance(value, Mapping) and _numbers_or_none(value),
    "versions": lambda value: isinstance(value, Mapping) and all(map(_is_text, value.values())),
    "per_class": lambda value: isinstance(value, list) and _numbers_or_none(value),
    "confusion": _matrix,
    "class_names": lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
    "seconds": is_number,
    "step": _is_count,
}
