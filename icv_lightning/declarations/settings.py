"""What every key of the configuration may hold, without torch.

`SETTINGS` declares the keys that the platform itself reads. What only one component has (a loss, a centroid
rule, a network, a data set, an optimizer) is declared in its YAML file, under `about.keys` (see `declared`).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from icv_lightning.declarations.value_types import LISTS, MAX_SIZE, WORDS, is_text
from icv_lightning.errors import UserError
from icv_lightning.nested import ABSENT, plain, select

ABOUT = (
    "about"  # the node of a component's YAML file that describes it, and is no argument of its constructor
)


@dataclass(frozen=True)
class Setting:
    """What a key may hold.

    Attributes:
        kind: "integer", "number", "boolean", "text", or one of `LISTS`.
        meaning: what the key means, in a few words.
        low: the least value allowed.
        high: the greatest value allowed.
        above: the value must be greater than this.
        choices: the words allowed.
        optional: null is allowed.
        neutral: the value at which a run is what it was before the key existed; there the hash leaves it out.
        effect: whether the key can change a result; the hash leaves out one that cannot.
    """

    kind: str
    meaning: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    neutral: Any = ABSENT
    effect: bool = True

    def __post_init__(self) -> None:
        if self.kind not in WORDS:
            raise ValueError(f"kind={self.kind}: must be one of {', '.join(WORDS)}")
        if self.neutral is not ABSENT and not self.accepts(self.neutral):
            raise ValueError(f"neutral={self.neutral}: must be {self.allowed}")

    @property
    def allowed(self) -> str:
        """Say what is allowed."""
        words = "one of " + ", ".join(self.choices) if self.choices else WORDS[self.kind]
        words += f" of at least {self.low:.10g}" if self.low is not None else ""
        words += f" above {self.above:.10g}" if self.above is not None else ""
        words += f" and at most {self.high:.10g}" if self.high is not None else ""
        return words + (", or null" if self.optional else "")

    def accepts(self, value: Any) -> bool:
        """Tell whether `value` is allowed."""
        if value is None:
            return self.optional
        if self.kind in LISTS:
            return LISTS[self.kind](value)
        if self.kind == "text":
            word = value if isinstance(value, str) else str(value).lower()
            return word in self.choices if self.choices else is_text(value)
        if self.kind == "boolean" or isinstance(value, bool):
            return isinstance(value, bool) and self.kind == "boolean"
        if not isinstance(value, int if self.kind == "integer" else int | float) or not math.isfinite(value):
            return False
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
        )

    def is_neutral(self, value: Any) -> bool:
        """Tell whether a run with `value` is what it was before the key existed."""
        neutral = plain(self.neutral)
        return self.neutral is not ABSENT and type(value) is type(neutral) and bool(value == neutral)

    def check(self, key: str, value: Any) -> None:
        """Raise `UserError`, naming `key`, where `value` is not allowed."""
        if not self.accepts(value):
            raise UserError(f"{key}={value if value is not None else 'null'}: must be {self.allowed}")


SEARCHED = ("acc", "acc_nearest_centroid", "acc_nearest_class_mean", "loss", "loss_ce", "var_ratio", "nc1")
PRECISIONS = (
    "32-true", "bf16-mixed", "16-mixed", "64-true", "bf16-true", "16-true",
    "32", "64", "16", "bf16", "transformer-engine", "transformer-engine-float16",
)  # fmt: skip
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
SETTINGS: Mapping[str, Setting] = {
    "name": Setting("text", "folder of the run or grid below paths.outputs", effect=False),
    "cell": Setting("text", "folder of the run, named by its settings", effect=False),
    "expected": Setting(
        "statements", "what an experiment's runs are expected to show", optional=True, effect=False
    ),
    "seed": Setting("integer", "seed of initial weights, batch order and dropout", low=0, high=2**32 - 1),
    "force": Setting("boolean", "run a completed cell again", effect=False),
    "workers": Setting(
        "integer", "cells that run at the same time, with hydra/launcher=joblib or ray",
        low=1, high=1024, optional=True,
        effect=False,
    ),
    "threads": Setting(
        "integer", "CPU threads per cell; null divides the cores among the cells",
        low=1, high=1024, optional=True,
        effect=False,
    ),
    "gpu_share": Setting(
        "number", "share of a GPU per cell, with hydra/launcher=ray", low=0, high=1, effect=False
    ),
    "ckpt_path": Setting(
        "text", "checkpoint to resume from: last, or the path of one with equal settings",
        optional=True, neutral=None
    ),
    "init_from": Setting(
        "text", "checkpoint or run to take initial weights from, where their shapes fit",
        optional=True, neutral=None
    ),
    "paths": Setting("group", "where runs are written", effect=False),
    "paths.outputs": Setting("text", "folder of all runs"),
    "paths.records": Setting("text", "folder of records that count as completed runs", optional=True),
    "data.root": Setting("text", "folder of data sets, or of your pictures", effect=False),
    "data.batch_size": Setting("integer", "images per training batch, over all devices", low=2, high=10**6),
    "data.eval_batch_size": Setting(
        "integer", "images per evaluation batch", low=1, high=10**6, effect=False
    ),
    "data.val_size": Setting("integer", "images taken from the training part for validation", low=0),
    "data.sampling": Setting(
        "text", "order of training images", choices=("shuffle", "balanced"), neutral="shuffle"
    ),
    "data.per_class": Setting(
        "integer", "images of each class in a class-balanced batch; null for plain shuffling", low=2,
        optional=True, neutral=None,
    ),
    "data.train_size": Setting(
        "integer", "training images to use; null for all", low=2, optional=True, neutral=None
    ),
    "data.monitor_size": Setting("integer", "training images evaluated after each epoch", low=1),
    "data.num_workers": Setting("integer", "processes that load data", low=0, high=256, effect=False),
    "data.device": Setting(
        "text", "where images are kept; auto: on the GPU if they fit", choices=("auto", "cpu"), effect=False
    ),
    "data.image_size": Setting("integer", "image side in pixels", low=1, high=4096),
    "data.channels": Setting("integer", "image channels: 1 grey, 3 RGB", low=1, high=3),
    "data.classes": Setting(
        "classes", "classes to keep, renumbered from 0; null for all", optional=True, neutral=None
    ),
    "data.transform": Setting("node", "transform of each training image; null for none", optional=True),
    "data.augment": Setting(
        "node", "augmentation of whole training batches; null for none", optional=True, neutral=None
    ),
    "data.num_classes": Setting("integer", "number of classes K", low=2, high=10**7),
    "data.seed": Setting("integer", "seed of batch order and validation part", low=0, high=2**32 - 1),
    "model.name": Setting("text", "name of the network in results"),
    "model.embedding_dim": Setting("integer", "size N of the embedding", low=1, high=MAX_SIZE),
    "model.normalize": Setting("boolean", "scale embeddings to unit length"),
    "model.freeze": Setting(
        "boolean", "keep the weights before the embedding layer fixed", neutral=False
    ),
    "model.head.bias": Setting("boolean", "add a bias per class to the scores"),
    "model.head.scale": Setting(
        "number", "initial value of the learned factor on unit-length embeddings; null for none",
        above=0, optional=True
    ),
    "loss.name": Setting(
        "text", "name of the loss in results; with loss=metric_learning, which of its losses"
    ),
    "loss.lambda": Setting("number", "weight λ of the variance term", low=0),
    "loss.warmup": Setting(
        "number", "share of the run over which λ rises from near 0 to its value", low=0, high=1, neutral=0.0
    ),
    "optimizer.lr": Setting("number", "learning rate", above=0),
    "optimizer.centroid_lr": Setting(
        "number", "learning rate of centroids and of a loss's own parameters; null for optimizer.lr",
        above=0, optional=True
    ),
    "optimizer.decay_all": Setting(
        "boolean", "apply weight decay to biases, normalisation layers and centroids too", neutral=False
    ),
    "scheduler._target_": Setting(
        "text", "class that builds the schedule", neutral="icv_lightning.optimizers.Schedule"
    ),
    "scheduler.name": Setting("text", "name of the schedule", neutral="none"),
    "scheduler.interval": Setting(
        "text", "whether the learning rate changes after each step or each epoch",
        choices=("step", "epoch"), neutral="step"
    ),
    "scheduler.length": Setting(
        "text", "name of the scheduler's argument that takes the length of the run",
        optional=True, neutral=None
    ),
    "scheduler.warmup": Setting(
        "number", "share of the run over which the learning rate rises from near 0",
        low=0, high=0.99, neutral=0.0
    ),
    "scheduler.monitor": Setting(
        "text", "validation metric that scheduler=plateau watches", optional=True, neutral=None
    ),
    "scheduler.centroids": Setting(
        "text", "whether the learning rate of centroids follows the schedule or stays constant",
        choices=("follow", "stay"), neutral="follow"
    ),
    "scheduler.algorithm": Setting(
        "node", "scheduler of torch, or a class with its interface; null for none",
        optional=True, neutral=None
    ),
    "trainer.max_epochs": Setting("integer", "number of epochs", low=1, high=10**6),
    "trainer.accelerator": Setting("text", "device type", choices=ACCELERATORS),
    "trainer.devices": Setting("devices", "number of devices, or their indices"),
    "trainer.strategy": Setting("strategy", "how several devices share the training"),
    "trainer.precision": Setting("text", "numeric precision", choices=PRECISIONS),
    "trainer.deterministic": Setting("text", "use deterministic kernels", choices=("true", "false", "warn")),
    "trainer.benchmark": Setting("boolean", "let cuDNN time its kernels and use the fastest", optional=True),
    "trainer.graph": Setting(
        "text", "run the training step as a CUDA graph where possible; one GPU only", choices=("auto", "off"),
        effect=False,
    ),
    "trainer.log_every_n_steps": Setting(
        "integer", "training steps between logged rows; 0 for no such rows", low=0
    ),
    "trainer.num_sanity_val_steps": Setting("integer", "batches to evaluate before training starts", low=-1),
    "trainer.gradient_clip_val": Setting(
        "number", "largest gradient norm; longer gradients are scaled down",
        low=0, optional=True, neutral=None
    ),
    "trainer.limit_train_batches": Setting(
        "number", "batches per epoch, or the share of them to use", above=0
    ),
    "trainer.accumulate_grad_batches": Setting("integer", "batches per optimizer step", low=1, neutral=1),
    "trainer.check_val_every_n_epoch": Setting("integer", "epochs between evaluations", low=1, neutral=1),
    "trainer.min_epochs": Setting("integer", "smallest number of epochs", low=1, optional=True, neutral=None),
    "trainer.max_steps": Setting("integer", "largest number of steps; -1 for no limit", low=-1, neutral=-1),
    "logger": Setting("group", "loggers of the run", optional=True, effect=False),
    "logger.wandb.project": Setting("text", "W&B project"),
    "logger.wandb.entity": Setting("text", "W&B user or team", optional=True),
    "logger.wandb.offline": Setting("boolean", "write W&B files instead of sending them"),
    "callbacks.progress": Setting("group", "progress bar of a single run", optional=True, effect=False),
    "callbacks.gallery": Setting("group", "pictures and tables for the loggers", optional=True, effect=False),
    "callbacks.measured": Setting(
        "group", "measurement of embeddings after each epoch, and measured.npz", optional=True, effect=False
    ),
    "callbacks.gallery.sample_size": Setting("integer", "embedded test images that loggers show", low=1),
    "callbacks.gallery.epochs": Setting("epochs", "epochs for which loggers show pictures, besides the last"),
    "callbacks.snapshot.every": Setting("integer", "epochs between embedding snapshots", low=1),
    "callbacks.best.monitor": Setting("text", "validation metric that selects the best epoch"),
    "callbacks.best.mode": Setting(
        "text", "whether lower (min) or higher (max) values of the monitor are better", choices=("min", "max")
    ),
    "callbacks.early_stopping.monitor": Setting("text", "validation metric that early stopping watches"),
    "callbacks.early_stopping.mode": Setting(
        "text", "whether lower (min) or higher (max) values of the monitor are better", choices=("min", "max")
    ),
    "callbacks.early_stopping.patience": Setting(
        "integer", "evaluations without improvement before the run stops", low=0
    ),
    "callbacks.early_stopping.min_delta": Setting(
        "number", "smallest change that counts as an improvement", low=0
    ),
    "callbacks.throughput": Setting("group", "measurement of images per second", optional=True, effect=False),
    "callbacks.finite_loss": Setting(
        "group", "check that stops a run whose loss is not finite", optional=True, effect=False
    ),
    "callbacks.finite_loss.every": Setting("integer", "steps between checks of the loss", low=1),
    "callbacks.guard_rails": Setting(
        "group", "warnings about runs that go wrong without an error", optional=True, effect=False
    ),
    "search": Setting("group", "what a search optimizes", optional=True, effect=False),
    "search.trials": Setting("integer", "total number of trials", low=1),
    "search.seed": Setting("integer", "seed of the sampler", low=0),
    "search.metric": Setting(
        "text", "metric that ranks the trials", choices=tuple(f"val/{name}" for name in SEARCHED)
    ),
    "search.direction": Setting(
        "text", "whether to maximize or minimize the metric", choices=("maximize", "minimize")
    ),
}  # fmt: skip


ADDED = frozenset(  # that conf/ does not hold and a user may add with +
    f"trainer.{key}"
    for key in (
        *("gradient_clip_val", "limit_train_batches", "accumulate_grad_batches"),
        *("check_val_every_n_epoch", "min_epochs", "max_steps"),
    )
)
NODES = ("model.net", "model.head", "centroids.layer", "loss.criterion", "optimizer.algorithm")
NEEDED = (  # what a run reads beside constructors, and may have been taken away with ~
    *("name", "seed", "force", "workers", "threads", "gpu_share", "ckpt_path", "cell"),
    *("paths.outputs", "paths.run", "data.name", "data.num_classes", "data.batch_size", "data.val_size"),
    *("model.name", "model.embedding_dim", "model.normalize", "centroids.name", "loss.name", "loss.lambda"),
    *("optimizer.lr", "optimizer.centroid_lr", "trainer.max_epochs", "trainer.accelerator"),
)


def declared(config: Mapping[str, Any]) -> dict[str, Setting]:
    """Return what the keys of a configuration may hold: `SETTINGS`, and what its components declare.

    A component declares its own keys in its YAML file, relative to the node that holds `about`, e.g. in
    conf/loss/mine.yaml: `about: {keys: {margin: {kind: number, above: 0, meaning: least distance}}}`.

    Args:
        config: nested primitives.

    Raises:
        UserError: a declaration that cannot be read.
    """
    found = dict(SETTINGS)
    for group, node in config.items():
        keys = select(node, f"{ABOUT}.keys", {}) or {}
        for name, fields in keys.items():
            found[f"{group}.{name}"] = _read(f"{group}.{ABOUT}.keys.{name}", fields)
    return found


def has_effect(key: str, settings: Mapping[str, Setting]) -> bool:
    """Tell whether a dotted key can change a result: neither it nor a node above it is declared not to."""
    parts = key.split(".")
    above = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return ABOUT not in parts and all(settings[k].effect for k in above if k in settings)


def check_values(
    config: Mapping[str, Any], settings: Mapping[str, Setting], keys: Iterable[str] = ()
) -> None:
    """Check the values of `keys`, of all for none, and that what a run needs is there.

    Raises:
        UserError: naming the key, the value and what is allowed.
    """
    for key in keys or dict.fromkeys((*settings, *NODES, *NEEDED)):
        value = select(config, key)
        if (value is ABSENT and key in NEEDED) or (value in (None, ABSENT) and key in NODES):
            raise UserError(f"{key}: must be given, as {key}=…")
        if value is not ABSENT and key in settings:
            settings[key].check(key, value)


def _read(place: str, fields: Any) -> Setting:
    options: dict[str, Any]
    try:
        options = {key: tuple(value) if key == "choices" else value for key, value in fields.items()}
        return Setting(**options)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{place}: cannot be read ({str(error).removeprefix('Setting.__init__() ')})"
        ) from error
