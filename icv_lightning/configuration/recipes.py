"""Conflicting choices of a training recipe; needs no torch."""

from collections.abc import Iterator, Mapping
from typing import Any

from icv_lightning.errors import UserError
from icv_lightning.nested import select


def check_recipe(config: Mapping[str, Any]) -> None:
    """Raise `UserError` for choices of schedule, loss, data, model and callbacks that do not fit."""
    for key, monitor in monitors(config):
        if monitor.startswith("test/"):
            raise UserError(
                f"{key}={monitor}: must be a key of the validation part; nothing is selected on test"
            )
        if monitor.startswith("val/") and not has_validation(config["data"]):
            raise UserError(f"{key}={monitor}: needs a validation part, e.g. data.val_size=5000")
    _check_imbalance(config)
    given = (select(config, key, None) for key in ("init_from", "ckpt_path", "model.net.weights"))
    if select(config, "model.freeze", False) and not any(given):
        raise UserError(
            "model.freeze=true: the network would stay as it was drawn; give init_from=… or model.net.weights"
        )


def monitors(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of settings that name a logged key to select by, and that key."""
    nodes = {f"callbacks.{name}": node for name, node in (config.get("callbacks") or {}).items()}
    for name, node in {**nodes, "scheduler": config.get("scheduler")}.items():
        if monitor := select(node, "monitor", None):
            yield f"{name}.monitor", str(monitor)


def has_validation(data: Mapping[str, Any]) -> bool:
    """Tell whether a run has a validation part: one cut from train, or one of the data set's own."""
    return bool(data.get("val_size") or select(data, "about.validation", False))


def _check_imbalance(config: Mapping[str, Any]) -> None:
    data, weights = config["data"], config["loss"].get("class_weights")
    balanced, classes = data.get("sampling") == "balanced", data["num_classes"]
    if balanced and data.get("per_class") is not None:
        raise UserError(
            f"data.sampling=balanced: batches of data.per_class={data['per_class']} are balanced already"
        )
    if weights == "balanced" and balanced:
        raise UserError(
            "loss.class_weights=balanced: data.sampling=balanced corrects the same again; choose one of them"
        )
    if weights not in (None, "balanced") and len(weights) != classes:
        raise UserError(
            f"loss.class_weights: must be {classes} numbers, one for each class, got {len(weights)}"
        )
