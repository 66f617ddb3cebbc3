"""Choices of a training recipe that are right alone and wrong together; needs no torch."""

from collections.abc import Iterator

from omegaconf import DictConfig

from icv_lightning.errors import UserError


def check_recipe(config: DictConfig) -> None:
    """Raise `UserError` for choices of schedule, loss, data, model and callbacks that do not fit."""
    for key, monitor in _monitors(config):
        _check_monitor(config, key, monitor)
    _check_imbalance(config)
    net, given = config.model.net, config.get("init_from") or config.get("ckpt_path")
    if config.model.get("freeze") and not given and net.get("weights") is None:
        raise UserError(
            "model.freeze=true: the network would stay as it was drawn; give init_from=… or model.net.weights"
        )


def _monitors(config: DictConfig) -> Iterator[tuple[str, str]]:
    """Yield the keys of settings that name a logged key to select by, and that key."""
    for name, node in (config.get("callbacks") or {}).items():
        if node and node.get("monitor"):
            yield f"callbacks.{name}.monitor", str(node.monitor)
    if (config.get("scheduler") or {}).get("monitor"):
        yield "scheduler.monitor", str(config.scheduler.monitor)


def _check_monitor(config: DictConfig, key: str, monitor: str) -> None:
    if monitor.startswith("test/"):
        raise UserError(f"{key}={monitor}: must be a key of the validation part; nothing is selected on test")
    if monitor.startswith("val/") and not has_validation(config.data):
        raise UserError(f"{key}={monitor}: needs a validation part, e.g. data.val_size=5000")


def has_validation(data: DictConfig) -> bool:
    """Tell whether a run has a validation part."""
    return bool(data.get("val_size"))


def _check_imbalance(config: DictConfig) -> None:
    weights, classes = config.loss.get("class_weights"), config.data.num_classes
    balanced = config.data.get("sampling") == "balanced"
    if balanced and config.data.get("per_class") is not None:
        raise UserError(
            f"data.sampling=balanced: batches of data.per_class={config.data.per_class} are balanced already"
        )
    if weights == "balanced" and balanced:
        raise UserError(
            "loss.class_weights=balanced: data.sampling=balanced corrects the same again; choose one of them"
        )
    if weights not in (None, "balanced") and len(weights) != classes:
        raise UserError(
            f"loss.class_weights: must be {classes} numbers, one for each class, got {len(weights)}"
        )
