"""The table of settings: keys, types, ranges and meanings, without torch. The command checks against it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from icv_lightning.configuration.value_kinds import LISTS, MOST, WORDS, is_text
from icv_lightning.errors import UserError


@dataclass(frozen=True)
class Setting:
    """What a key may hold.

    Attributes:
        kind: "integer", "number", "boolean", "text", or one of `LISTS`.
        meaning: what it is, in a few words.
        low: the least value allowed.
        high: the greatest value allowed.
        above: the value must be greater than this.
        choices: the words allowed.
        optional: null is allowed.
    """

    kind: str
    meaning: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False

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


SEARCHED = ("acc", "acc_nearest_centroid", "acc_nearest_class_mean", "loss", "loss_ce", "var_ratio", "nc1")
PRECISIONS = (
    "32-true", "bf16-mixed", "16-mixed", "64-true", "bf16-true", "16-true",
    "32", "64", "16", "bf16", "transformer-engine", "transformer-engine-float16",
)  # fmt: skip
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
SETTINGS: Mapping[str, Setting] = {
    "name": Setting("text", "folder of the run or grid below paths.outputs"),
    "seed": Setting("integer", "start, order of batches, dropout", low=0, high=2**32 - 1),
    "force": Setting("boolean", "do a completed cell again"),
    "workers": Setting(
        "integer", "cells at a time, with hydra/launcher=joblib or ray", low=1, high=1024, optional=True
    ),
    "threads": Setting(
        "integer", "CPU threads of a cell; null: the cores, divided", low=1, high=1024, optional=True
    ),
    "gpu_share": Setting("number", "of a GPU for a cell, with hydra/launcher=ray", low=0, high=1),
    "ckpt_path": Setting("text", "last, or a checkpoint of equal settings to train further", optional=True),
    "init_from": Setting(
        "text", "checkpoint or run whose fitting weights a new run starts with", optional=True
    ),
    "paths.outputs": Setting("text", "where runs are written"),
    "data.root": Setting("text", "folder of data sets, or of your pictures"),
    "data.batch_size": Setting("integer", "images of a training batch, over all devices", low=2, high=10**6),
    "data.eval_batch_size": Setting("integer", "images of an evaluation batch", low=1, high=10**6),
    "data.val_size": Setting("integer", "images cut from train for validation", low=0),
    "data.sampling": Setting("text", "order of training images", choices=("shuffle", "balanced")),
    "data.per_class": Setting(
        "integer",
        "images of a class in a class-balanced batch; null for a plain shuffle",
        low=2,
        optional=True,
    ),
    "data.train_size": Setting("integer", "images of train to use; null for all", low=2, optional=True),
    "data.monitor_size": Setting("integer", "images of train evaluated after each epoch", low=1),
    "data.num_workers": Setting("integer", "loader processes", low=0, high=256),
    "data.image_size": Setting("integer", "side of the images in pixels", low=1, high=4096),
    "data.channels": Setting("integer", "1 grey, 3 RGB", low=1, high=3),
    "data.classes": Setting("classes", "classes to keep, numbered anew from 0; null for all", optional=True),
    "data.transform": Setting("node", "of an image in training; null for none", optional=True),
    "data.augment": Setting("node", "augmentation of training batches; null for none", optional=True),
    "data.augment.padding": Setting("integer", "largest shift in pixels", low=0, high=4096),
    "data.augment.flip": Setting("boolean", "mirror half of the images"),
    "data.augment.edge": Setting("boolean", "repeat the edge beyond the image"),
    "data.augment.degrees": Setting("number", "largest rotation", low=0, high=180),
    "data.augment.scale": Setting("number", "largest change of size, as a share", low=0, high=0.99),
    "data.augment.shift": Setting("number", "largest shift, as a share of the side", low=0, high=1),
    "data.split": Setting(
        "text",
        "which split of EMNIST",
        choices=("byclass", "bymerge", "balanced", "letters", "digits", "mnist"),
    ),
    "data.labels": Setting("text", "of CIFAR-100: its classes or superclasses", choices=("fine", "coarse")),
    "data.num_classes": Setting("integer", "classes K", low=2, high=10**7),
    "data.test_fraction": Setting("number", "part of each class for test", above=0, high=0.99),
    "data.seed": Setting("integer", "order of batches, validation part", low=0, high=2**32 - 1),
    "data.dataset": Setting(
        "text", "of torchvision's", choices=("MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100")
    ),
    "data.subset": Setting("text", "which of Omniglot's minimal sets", choices=("small1", "small2")),
    "data.test_drawers": Setting("integer", "people whose drawings are the test part", low=1, high=18),
    "data.held_out": Setting("number", "part of the persons to verify, not trained on", low=0, high=0.99),
    "data.fold": Setting(
        "integer", "ORL persons 8f + 1 to 8f + 8 to verify; null: 31 to 40", low=0, high=4, optional=True
    ),
    "data.image_width": Setting("integer", "width of pictures of faces in pixels", low=1, high=4096),
    "data.crop": Setting("number", "central part of a picture of a face that is kept", above=0, high=1),
    "data.memory_gb": Setting("number", "for decoded pictures of faces; beyond it workers decode", low=0),
    "data.images_per_class": Setting("integer", "images of each made-up identity in train", low=1),
    "data.test_images_per_class": Setting("integer", "images of each made-up identity in test", low=1),
    "data.unseen_classes": Setting("integer", "made-up identities to verify, not trained on", low=0),
    "data.grid": Setting("integer", "side of the grid that a made-up identity is drawn on", low=2),
    "data.noise": Setting("number", "of a pixel of it, in grey levels", low=0),
    "model.name": Setting("text", "as it stands in results"),
    "model.embedding_dim": Setting("integer", "size N of the embedding", low=1, high=MOST),
    "model.normalize": Setting("boolean", "embeddings of unit length"),
    "model.freeze": Setting("boolean", "keep the network up to its embedding layer as it starts"),
    "model.net.source": Setting("text", "library of a backbone", choices=("torchvision", "timm")),
    "model.net.architecture": Setting("text", "a backbone's name in that library"),
    "model.net.weights": Setting("text", "pretrained weights of that name; null for none", optional=True),
    "model.net.small_images": Setting("boolean", "a backbone's start for pictures of 28 to 64 pixels"),
    "model.net.stem": Setting(
        "integer", "kernels of the face descriptor's first convolution", low=1, high=MOST
    ),
    "model.net.widths": Setting("sizes", "kernels of each stage"),
    "model.net.blocks": Setting("counts", "residual blocks of each width"),
    "model.net.hidden": Setting("integer", "features of the full connection", low=1, high=MOST),
    "model.net.dropout": Setting("number", "fraction dropped before the embedding", low=0, high=0.99),
    "model.net.batch_norm": Setting("boolean", "batch normalisation before each ReLU"),
    "model.head.bias": Setting("boolean", "a bias per class in the scores"),
    "model.head.scale": Setting("number", "start of the factor on unit embeddings", above=0, optional=True),
    "centroids.layer.init": Setting(
        "text", "where centroids start", choices=("zeros", "normal", "class_means")
    ),
    "centroids.layer.std": Setting("number", "standard deviation of that normal", above=0),
    "centroids.layer.alpha": Setting("number", "step α of batch_mean and one_by_one", above=0, high=1),
    "centroids.layer.step": Setting(
        "text", "step of batch_mean: equation 7, or Wen et al.'s", choices=("mean", "wen")
    ),
    "centroids.layer.sparse": Setting("boolean", "sparse gradients of learned; with optimizer=sparse_adam"),
    "loss.name": Setting("text", "as it stands in results; which metric-learning loss"),
    "loss.lambda": Setting("number", "weight λ of the variance term", low=0),
    "loss.warmup": Setting("number", "share of the run over which λ rises from near 0", low=0, high=1),
    "loss.label_smoothing": Setting(
        "number", "share of each target spread over all classes", low=0, high=0.99
    ),
    "loss.class_weights": Setting("weights", "weights of the classes in the cross-entropy", optional=True),
    "loss.between": Setting("number", "weight β of the subtracted variance of discriminant", low=0),
    "loss.max_total_variance": Setting("number", "bound τ of discriminant on the total variance", above=0),
    "loss.margin": Setting(
        "number", "margin of a metric-learning loss; null for its own", above=0, optional=True
    ),
    "loss.scale": Setting(
        "number", "factor on the cosines of a metric-learning loss; null for its own", above=0, optional=True
    ),
    "optimizer.lr": Setting("number", "learning rate", above=0),
    "optimizer.centroid_lr": Setting(
        "number", "learning rate of centroids, also of a grand mean", above=0, optional=True
    ),
    "optimizer.decay_all": Setting("boolean", "weight decay on biases, normalisation and centroids too"),
    "optimizer.algorithm.momentum": Setting("number", "momentum of SGD", low=0, high=0.9999),
    "optimizer.algorithm.nesterov": Setting("boolean", "Nesterov momentum"),
    "optimizer.algorithm.betas": Setting("shares", "decays of Adam's two moments"),
    "optimizer.algorithm.eps": Setting("number", "added to Adam's denominator", low=0),
    "optimizer.algorithm.weight_decay": Setting("number", "decay of the weights", low=0),
    "scheduler.interval": Setting("text", "when the scheduler changes the rate", choices=("step", "epoch")),
    "scheduler.warmup": Setting(
        "number", "share of the run over which the rate rises from near 0", low=0, high=0.99
    ),
    "scheduler.monitor": Setting("text", "key of the validation part that plateau looks at", optional=True),
    "scheduler.centroids": Setting("text", "learning rate of the centroids", choices=("follow", "stay")),
    "scheduler.algorithm.step_size": Setting("integer", "epochs between drops of the rate", low=1),
    "scheduler.algorithm.gamma": Setting("number", "factor of each drop", above=0, high=1),
    "scheduler.algorithm.patience": Setting("integer", "evaluations without progress before a drop", low=0),
    "scheduler.algorithm.factor": Setting("number", "factor of a drop of plateau", above=0, high=0.99),
    "scheduler.algorithm.mode": Setting(
        "text", "better end of the key that plateau looks at", choices=("min", "max")
    ),
    "trainer.max_epochs": Setting("integer", "epochs", low=1, high=10**6),
    "trainer.accelerator": Setting("text", "what computes", choices=ACCELERATORS),
    "trainer.devices": Setting("devices", "how many devices, or which"),
    "trainer.strategy": Setting("strategy", "how devices work together"),
    "trainer.precision": Setting("text", "of computation", choices=PRECISIONS),
    "trainer.deterministic": Setting("text", "the same kernels always", choices=("true", "false", "warn")),
    "trainer.benchmark": Setting("boolean", "try kernels and keep the quickest", optional=True),
    "trainer.log_every_n_steps": Setting("integer", "steps between rows of a step", low=0),
    "trainer.num_sanity_val_steps": Setting("integer", "batches evaluated before training", low=-1),
    "logger.wandb.project": Setting("text", "W&B project"),
    "logger.wandb.entity": Setting("text", "W&B user or team", optional=True),
    "logger.wandb.offline": Setting("boolean", "write W&B files instead of sending them"),
    "callbacks.gallery.sample_size": Setting("integer", "embedded test images that loggers show", low=1),
    "callbacks.gallery.epochs": Setting("epochs", "of which loggers show pictures, beside the last"),
    "callbacks.snapshot.every": Setting("integer", "epochs between embedding snapshots", low=1),
    "callbacks.best.monitor": Setting("text", "key of the validation part that chooses the best epoch"),
    "callbacks.best.mode": Setting("text", "better end of it", choices=("min", "max")),
    "callbacks.early_stopping.monitor": Setting("text", "key of the validation part that ends a run"),
    "callbacks.early_stopping.mode": Setting("text", "better end of it", choices=("min", "max")),
    "callbacks.early_stopping.patience": Setting(
        "integer", "evaluations without progress before the end", low=0
    ),
    "callbacks.early_stopping.min_delta": Setting("number", "least change that counts as progress", low=0),
    "callbacks.finite_loss.every": Setting("integer", "steps between looks at the loss", low=1),
    "search.trials": Setting("integer", "trials of a search in all", low=1),
    "search.seed": Setting("integer", "of what a search asks for", low=0),
    "search.metric": Setting(
        "text", "what a trial is judged by", choices=tuple(f"val/{name}" for name in SEARCHED)
    ),
    "search.direction": Setting("text", "the better end of it", choices=("maximize", "minimize")),
}


# Keys that conf/ does not hold and a user may add with +; Lightning itself lets some of these values pass.
ADDED: Mapping[str, Setting] = {
    "trainer.gradient_clip_val": Setting("number", "largest gradient norm", low=0, optional=True),
    "trainer.limit_train_batches": Setting("number", "batches of an epoch, or share of them", above=0),
    "trainer.accumulate_grad_batches": Setting("integer", "batches of a step", low=1),
    "trainer.check_val_every_n_epoch": Setting("integer", "epochs between evaluations", low=1),
    "trainer.min_epochs": Setting("integer", "epochs at least", low=1, optional=True),
    "trainer.max_steps": Setting("integer", "steps at most; -1 for no limit", low=-1),
}


def check_value(key: str, value: Any) -> None:
    """Raise `UserError` where the tables have `key` and do not allow `value` for it."""
    setting = SETTINGS.get(key) or ADDED.get(key)
    if setting and not setting.accepts(value):
        raise UserError(f"{key}={value if value is not None else 'null'}: must be {setting.allowed}")
