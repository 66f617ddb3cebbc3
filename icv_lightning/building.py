"""From configuration to objects: the only place that calls `hydra.utils.instantiate`."""

import difflib
import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf

from icv_lightning.declarations.settings import ABOUT
from icv_lightning.errors import UserError, one_line
from icv_lightning.nested import select
from icv_lightning.records.trust import check_foreign

if TYPE_CHECKING:
    from icv_lightning.data import ImageDataModule
    from icv_lightning.module import ClassifierModule

UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
MODEL_GROUPS = ("model", "centroids", "loss")
PARTS = {  # of a module, and the keys of their nodes
    "net": "model.net", "head": "model.head", "centroids": "centroids.layer", "loss": "loss.criterion",
}  # fmt: skip


def build_datamodule(config: DictConfig) -> "ImageDataModule":
    """Return the data module of `config.data`."""
    return build(without_about(config.data), "data")


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


def module_arguments(config: DictConfig, data: "ImageDataModule | None" = None) -> dict[str, Any]:
    """Return the arguments of `build_module` for a run.

    Args:
        config: a run's configuration.
        data: set up; needed for class weights that depend on the training part.
    """
    optimizer, loss = config.optimizer, config.loss
    model = {key: without_about(config[key]) for key in MODEL_GROUPS}
    if loss.get("class_weights") is not None:
        model["loss"]["criterion"]["class_weights"] = _class_weights(loss.class_weights, config, data)
    facts = {"num_classes": config.data.num_classes, "embedding_dim": config.model.embedding_dim}
    return {
        "config": {**model, **facts}, "seed": config.seed, "freeze": config.model.get("freeze", False),
        "optimizer": build(optimizer.algorithm, "optimizer.algorithm"), "centroid_lr": optimizer.centroid_lr,
        "decay_all": optimizer.get("decay_all", False), "loss_warmup": loss.get("warmup", 0.0),
        "schedule": build(config.get("scheduler"), "scheduler"),
    }  # fmt: skip


def build_module(config: Mapping[str, Any], **options: Any) -> "ClassifierModule":
    """Return the module, its parameters drawn from the global random state.

    Args:
        config: primitives that describe its parts, kept in every checkpoint.
        options: other arguments of `ClassifierModule`.
    """
    from icv_lightning.module import ClassifierModule

    parts, key = dict[str, Any](), ""
    try:
        for name, key in PARTS.items():
            parts[name] = instantiate(select(config, key), _convert_="all")
    except InstantiationException as error:
        raise _refused(error, select(config, key), key) from error
    sizes = {key: config[key] for key in ("num_classes", "embedding_dim")}
    return ClassifierModule(**parts, **sizes, config=config, **options)


def check_module(config: DictConfig, module: "ClassifierModule") -> None:
    """Raise `UserError` for a loss or an optimizer that does not fit the other settings of a run."""
    _check_pairs(config, module)
    if (warmup := config.loss.get("warmup")) and not hasattr(module.loss, "weight"):
        name = type(module.loss).__name__
        raise UserError(f"loss.warmup={warmup}: {name} has no attribute weight (λ) that could rise")
    _try_optimizer(module)


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


def without_about(node: DictConfig) -> dict[str, Any]:
    """Return the resolved settings of a component, without what its YAML file says of it to others."""
    found: Any = OmegaConf.to_container(node, resolve=True)
    found.pop(ABOUT, None)
    return found  # type: ignore[no-any-return]


def build(node: Any, key: str, **options: Any) -> Any:
    """Return the object of a node; raise `UserError` with the key for what a constructor refuses."""
    try:
        return instantiate(node, **options, _convert_="all")
    except InstantiationException as error:
        raise _refused(error, node, key) from error


def _refused(error: InstantiationException, node: Any, key: str) -> UserError:
    """Return what a constructor says, without the frames of C++."""
    words = str(error.__cause__ or error).strip().partition("\nException raised from")[0]
    reason = " ".join(words.split())
    return UserError(f"{key}: {reason}{_nearest(reason, node, key)}")


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
