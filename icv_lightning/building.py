"""From configuration to objects: the only place that calls `hydra.utils.instantiate`."""

import difflib
import inspect
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf

from icv_lightning.declarations.settings import ABOUT
from icv_lightning.errors import UserError, one_line
from icv_lightning.nested import select
from icv_lightning.records.trust import check_foreign

if TYPE_CHECKING:
    import torch
    from lightning import Trainer

    from icv_lightning.data import ImageDataModule
    from icv_lightning.module import ClassifierModule

log = logging.getLogger(__name__)
UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
MODEL_GROUPS = ("model", "centroids", "loss")
PARTS = {  # of a module, and the keys of their nodes
    "net": "model.net", "head": "model.head", "centroids": "centroids.layer", "loss": "loss.criterion",
}  # fmt: skip


def build_datamodule(config: DictConfig) -> "ImageDataModule":
    """Return the data module of `config.data`."""
    return _build(_without_about(config.data), "data")


def recorded_datamodule(settings: Mapping[str, Any]) -> "ImageDataModule":
    """Return the data module that `config.data` in a run's results.json describes, for evaluation.

    A record may come from anybody: only this package's data sets are made, without training's transform
    and augmentation.

    Raises:
        UserError: another `_target_`, or none.
    """
    from icv_lightning.data import ImageDataModule

    own = {**settings, "transform": None, "augment": None}
    if "cache" in own:  # a folder that somebody else chose
        own["cache"] = None
    prefixes, among = ("icv_lightning.data.",), "this package's data sets"
    check_foreign(own, "results.json", prefixes, ImageDataModule, among)
    data = build_datamodule(OmegaConf.create({"data": own}))
    if not isinstance(data, ImageDataModule):
        raise UserError("results.json: its config.data names no data set")
    return data


def build_module(
    config: DictConfig, settings: Mapping[str, Any] | None = None, data: "ImageDataModule | None" = None
) -> "ClassifierModule":
    """Return the module of `config`, fresh, its parameters drawn from the global random state.

    Args:
        config: a run's configuration.
        settings: settings that can change its result (`Identity.settings`), kept in the checkpoint.
        data: set up; needed for class weights that depend on the training part.
    """
    optimizer, loss = config.optimizer, config.loss
    groups = {key: _without_about(config[key]) for key in MODEL_GROUPS}
    if loss.get("class_weights") is not None:
        groups["loss"]["criterion"]["class_weights"] = _class_weights(loss.class_weights, config, data)
    facts = {"num_classes": config.data.num_classes, "embedding_dim": config.model.embedding_dim}
    module = module_of(
        {**groups, **facts}, optimizer=_build(optimizer.algorithm, "optimizer.algorithm"),
        centroid_lr=optimizer.centroid_lr, decay_all=optimizer.get("decay_all", False), seed=config.seed,
        schedule=_build(config.get("scheduler"), "scheduler"), loss_warmup=loss.get("warmup", 0.0),
        freeze=config.model.get("freeze", False), settings=settings,
    )  # fmt: skip
    _check_pairs(config, module)
    if loss.get("warmup") and not hasattr(module.loss, "weight"):
        name = type(module.loss).__name__
        raise UserError(f"loss.warmup={loss.warmup}: {name} has no attribute weight (λ) that could rise")
    _try_optimizer(module)
    return module


def _class_weights(asked: Any, config: DictConfig, data: "ImageDataModule | None") -> list[float]:
    """Return a weight for each class: those asked for, or n / (K n_k) of the training part."""
    classes = config.data.num_classes
    if asked != "balanced":
        return [float(weight) for weight in asked]
    if data is None:
        raise ValueError("balanced class weights need the data")
    counts = data.train_part.target.bincount(minlength=classes)
    return [len(data.train_part) / (classes * max(1, count)) for count in counts.tolist()]


def _try_optimizer(module: "ClassifierModule") -> None:
    """Make optimizer and schedulers once, so that a wrong argument of theirs is found before training."""
    key = "optimizer.algorithm"
    try:
        optimizer = module.make_optimizer()
        key = "scheduler.algorithm"
        module.schedule.configured(optimizer, steps=1000, epochs=100)
    except Exception as error:
        raise UserError(
            f"{key}: {one_line(error)}; a class of your own needs a YAML file, see docs/training.md"
        ) from error


def module_of(config: Mapping[str, Any], **options: Any) -> "ClassifierModule":
    """Return the module that the primitives in `config` (kept in every checkpoint) describe."""
    from icv_lightning.module import ClassifierModule

    parts: dict[str, Any] = {}
    for name, key in PARTS.items():
        parts[name] = _build(select(config, key), key)
    sizes = {key: config[key] for key in ("num_classes", "embedding_dim")}
    return ClassifierModule(**parts, **sizes, config=config, **options)


def build_trainer(config: DictConfig, folder: Path) -> "Trainer":
    """Return the trainer of `config` with its callbacks and loggers, writing into `folder`."""
    import torch
    from lightning.pytorch.callbacks import ModelCheckpoint

    if config.trainer.accelerator in ("gpu", "cuda") and not torch.cuda.is_available():
        raise UserError(f"trainer.accelerator={config.trainer.accelerator}: no GPU is here; use auto or cpu")
    shown, recorded = config.get("callbacks") or {}, config.get("logger") or {}
    callbacks = [_build(node, f"callbacks.{key}") for key, node in shown.items() if node and key != ABOUT]
    for callback in callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.dirpath is None:
            callback.dirpath = str(folder / "checkpoints")  # Lightning's own is named after the first logger
    loggers = [_build(node, f"logger.{key}") for key, node in recorded.items() if node and key != ABOUT]
    settings = _without_about(config.trainer)
    if settings.pop("graph", "off") == "auto" and (device := _one_gpu(settings)):
        from icv_lightning.strategies import CapturedStep

        settings["strategy"] = CapturedStep(device)
    return _build(
        settings, "trainer", callbacks=callbacks, logger=loggers, default_root_dir=str(folder),
        enable_progress_bar=bool(shown.get("progress")),
    )  # fmt: skip


def _one_gpu(trainer: Mapping[str, Any]) -> "torch.device | None":
    """Return the GPU of a trainer that uses a single one and leaves its strategy open."""
    import torch
    from lightning.pytorch.accelerators import CUDAAccelerator

    wanted = trainer["accelerator"] in ("auto", "gpu", "cuda") and trainer.get("strategy") == "auto"
    if not wanted or not torch.cuda.is_available():
        return None
    devices = trainer.get("devices", 1)
    found = CUDAAccelerator.parse_devices(-1 if devices == "auto" else devices) or []
    return torch.device("cuda", found[0]) if len(found) == 1 else None


def share_batch_norm(trainer: "Trainer", module: "ClassifierModule") -> None:
    """Let batch normalisation see the batches of all processes on GPUs; warn on a CPU, which cannot."""
    from torch import nn

    if trainer.world_size == 1 or not any(
        isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in module.modules()
    ):
        return
    if trainer.strategy.root_device.type == "cuda":
        module.net = nn.SyncBatchNorm.convert_sync_batchnorm(module.net)  # type: ignore[no-untyped-call]
    elif trainer.is_global_zero:
        log.warning(
            "%d processes on a CPU: batch normalisation takes its statistics from each process's share of a "
            "batch, so results differ from those of one process", trainer.world_size,
        )  # fmt: skip


def _check_pairs(config: DictConfig, module: "ClassifierModule") -> None:
    data = config.data
    if not getattr(module.loss, "needs_pairs", False) or data.get("per_class"):
        return
    if data.batch_size < 2 * data.num_classes:
        raise UserError(
            f"loss.name={config.loss.name}: compares pairs of a class, which batches of "
            f"data.batch_size={data.batch_size} seldom hold with {data.num_classes} classes; set "
            "data.per_class=2 or more"
        )


def _without_about(node: DictConfig) -> dict[str, Any]:
    """Return the resolved settings of a component, without what its YAML file says of it to others."""
    found: Any = OmegaConf.to_container(node, resolve=True)
    found.pop(ABOUT, None)
    return found  # type: ignore[no-any-return]


def _build(node: Any, key: str, **options: Any) -> Any:
    """Return the object of a node; raise `UserError` with the key for what a constructor refuses."""
    try:
        return instantiate(node, **options, _convert_="all")
    except InstantiationException as error:  # a setting to put right
        words = str(error.__cause__ or error).strip().partition("\nException raised from")[0]
        reason = " ".join(words.split())  # without the frames of C++
        raise UserError(f"{key}: {reason}{_nearest(reason, node, key)}") from error


def _nearest(reason: str, node: Any, key: str) -> str:
    """Return a hint at the key that was meant, where a constructor lacks an argument."""
    found = UNEXPECTED.search(reason)
    target = select(node, "_target_", None)
    if not found or not target:
        return ""
    made = get_object(target)
    takes = [base.__init__ for base in made.__mro__[:-1]] if isinstance(made, type) else [made]  # type: ignore[misc]
    known = sorted(
        {p.name for call in takes for p in inspect.signature(call).parameters.values() if p.kind in NAMED}
        - {"self"}
    )
    close = difflib.get_close_matches(found[1], known, n=1)
    return f"; the nearest is {key}.{close[0]}" if close else f"; it takes {', '.join(known)}"
