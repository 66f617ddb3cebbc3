"""Warnings about runs that go on without an error while something is wrong with them."""

import logging
import math
from typing import Any

import lightning as L
import torch
from torch import Tensor

from icv_lightning.distributed import processes
from icv_lightning.metrics import on_host
from icv_lightning.module import ClassifierModule

log = logging.getLogger(__name__)

NO_VARIANCE = 0.01  # total variance of embeddings; a fresh network has 0.1 to 1
NO_LEARNING = 0.95  # share of ln K above which cross-entropy is that of guessing
LARGE_NORM = 1000.0  # of embeddings or centroids; cross-entropy alone in two dimensions reaches 100 or 200
DOMINANT = 0.9  # share of the λ-term in the loss …
UNLEARNED = 0.25  # … while cross-entropy is above this share of ln K
LAG = 1.0  # median distance of centroids from class means, over the spacing of class means …
LAG_EPOCHS = 5  # … not judged before this epoch: centroids need time, too
LAG_CLASSES = 200  # classes whose lag is looked at

WARNINGS = {
    "orphan": "the centroids are a parameter that the optimizer does not have, or that needs no gradient: "
    "they stay where they start, and the λ-term pulls every class there. Give the optimizer all parameters "
    "of the module.",
    "still": "the centroids of classes {classes} did not move in an epoch that saw these classes: they get "
    "no updates, and the λ-term pulls the classes to where they started. Give the optimizer all parameters, "
    "and the loss centroids that are not detached; lower a huge loss.lambda: where squares of gradients "
    "overflow, the optimizer takes no step.",
    "unseen": "an epoch of training saw no image of classes {classes}: their centroids stay where they are "
    "and can only win embeddings of other classes. Check data.num_classes and the training part.",
    "collapse": "the embeddings have collapsed: their variance is {variance:.2g} while cross-entropy, "
    "{loss_ce:.3f}, stays near ln K = {guessing:.3f}, so the classes cannot be told apart. Lower "
    "loss.lambda, or start centroids apart (centroids.layer.init=class_means).",
    "dominant": "the λ-term is {share:.0%} of the loss while cross-entropy is still {loss_ce:.2f}: the "
    "network learns to meet its centroids before it learns the classes. Lower loss.lambda, or start "
    "centroids nearer (centroids.layer.init=class_means).",
    "long": "{name} have grown to a length of {length:.3g}: squared distances lose digits, and the λ-term "
    "its meaning. Lower optimizer.lr, add weight decay (optimizer.algorithm.weight_decay), or set "
    "model.normalize=true.",
    "lag": "the typical centroid is {lag:.1f} times as far from the mean of its class as the nearest other "
    "class mean is: nearest-centroid accuracy says little about the embeddings. Read "
    "acc_nearest_class_mean, raise optimizer.centroid_lr, or choose centroids=batch_mean.",
}


class GuardRails(L.Callback):
    """Log a warning, each kind once a fit, that says what was seen, what it means and what to change.

    - centroids that are not in the optimizer (at the start), or did not move in an epoch;
    - classes that an epoch of training never saw;
    - collapse: embeddings without variance while cross-entropy stays near ln K;
    - a λ-term that dominates the loss while cross-entropy is high;
    - embeddings or centroids of a length beyond reason;
    - centroids far behind their class means, from epoch 5.

    All but the first are judged at the end of an epoch, after its evaluation; a step costs one small
    operation on the device and no wait.
    """

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._seen: Tensor
        self._before: Tensor

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look for centroids that the optimizer does not have."""
        assert isinstance(pl_module, ClassifierModule)
        self._said = set()
        held = {id(p) for o in trainer.optimizers for group in o.param_groups for p in group["params"]}
        if not all(id(p) in held and p.requires_grad for p in pl_module.centroids.parameters()):
            self._warn(trainer, "orphan")

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Remember where the centroids are."""
        assert isinstance(pl_module, ClassifierModule)
        self._before = pl_module.centroids().detach().clone()
        self._seen = torch.zeros_like(self._before[:, 0], dtype=torch.int64)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Remember the classes of the batch."""
        self._seen.index_fill_(0, batch[1], 1)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Judge the epoch."""
        assert isinstance(pl_module, ClassifierModule)
        if processes() > 1:
            torch.distributed.all_reduce(self._seen, torch.distributed.ReduceOp.MAX)
        values = {"centroids": pl_module.centroids(), "before": self._before, "seen": self._seen}
        if (means := pl_module.evaluation.class_means) is not None:
            values["class_means"] = means
        found = on_host(values)
        self._judge_updates(trainer, found["centroids"], found["before"], found["seen"] > 0)
        if getattr(pl_module.data, "without_content", None):
            return  # which was said before training, and whose signs are no fault of λ
        self._judge_terms(trainer, math.log(len(self._seen)))
        if means is not None:
            self._judge_places(trainer, found["centroids"], found["class_means"])

    def _judge_updates(self, trainer: L.Trainer, centroids: Tensor, before: Tensor, seen: Tensor) -> None:
        still = seen & (centroids == before).all(1)
        if not seen.all():
            self._warn(trainer, "unseen", classes=_names(~seen))
        if still.any() and "orphan" not in self._said:
            self._warn(trainer, "still", classes=_names(still))

    def _judge_terms(self, trainer: L.Trainer, guessing: float) -> None:
        found = trainer.callback_metrics
        names = ("train/loss", "train/loss_ce", "train/var_within", "train/var_between")
        if not all(name in found for name in names):
            return
        loss, loss_ce, within, between = (float(found[name]) for name in names)
        if within + between < NO_VARIANCE and loss_ce > NO_LEARNING * guessing:
            self._warn(trainer, "collapse", variance=within + between, loss_ce=loss_ce, guessing=guessing)
        if loss - loss_ce > DOMINANT * loss and loss_ce > UNLEARNED * guessing:
            self._warn(trainer, "dominant", share=1 - loss_ce / loss, loss_ce=loss_ce)

    def _judge_places(self, trainer: L.Trainer, centroids: Tensor, class_means: Tensor) -> None:
        known = class_means.isfinite().all(1)
        own, means = centroids[known], class_means[known]
        within = float(trainer.callback_metrics.get("train/var_within", 0.0))
        lengths = {
            "embeddings": math.sqrt(float(means.square().sum(1).mean()) + within),
            "centroids": float(own.norm(dim=1).max()),
        }
        name = max(lengths, key=lambda key: lengths[key])
        if lengths[name] > LARGE_NORM:
            self._warn(trainer, "long", name=name, length=lengths[name])
        if trainer.current_epoch + 1 >= LAG_EPOCHS and len(means) > 1 and (lag := _lag(own, means)) > LAG:
            self._warn(trainer, "lag", lag=lag)

    def _warn(self, trainer: L.Trainer, kind: str, **seen: Any) -> None:
        if trainer.is_global_zero and kind not in self._said:
            log.warning("epoch %d: %s", trainer.current_epoch + 1, WARNINGS[kind].format(**seen))
        self._said.add(kind)


def _lag(centroids: Tensor, means: Tensor) -> float:
    """Return the median over (some) classes of ‖C_k − mean_k‖ over the distance to the nearest other mean."""
    rows = torch.linspace(0, len(means) - 1, min(len(means), LAG_CLASSES), device=means.device).long()
    apart = torch.cdist(means[rows], means)
    apart[torch.arange(len(rows), device=means.device), rows] = torch.inf
    return float(((centroids - means)[rows].norm(dim=1) / apart.amin(1)).median())


def _names(classes: Tensor) -> str:
    found = classes.nonzero()[:, 0].tolist()
    return ", ".join(map(str, found[:10])) + (f" and {len(found) - 10} more" if len(found) > 10 else "")
