"""The one LightningModule: wires network, scores, centroids, loss and metrics, and logs."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import lightning as L
import torch
from torch import Tensor, nn

from icv_lightning.centroids import SparseRows
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.images import Batch, seed_of
from icv_lightning.distributed import average_sparse, joined, shared
from icv_lightning.metrics import TermMeans, TwoPartEvaluation
from icv_lightning.nets import Embedding, Standardize
from icv_lightning.optimizers import Schedule, parameter_groups, restore
from icv_lightning.optimizers.groups import CENTROIDS


class Outputs(NamedTuple):
    """The network's outputs for a batch: embeddings B x N and logits (scores) B x K."""

    embeddings: Tensor
    logits: Tensor


class ClassifierModule(L.LightningModule):
    """Backbone, centroid layer and loss, trained together by one optimizer.

    After every epoch two loaders are evaluated: a fixed part of train (logged as `train/…`; its class
    means serve the other), then validation or test. `train/loss…` are means over the epoch's own steps.

    Args:
        net: uint8 images to embeddings.
        head: embeddings to logits.
        centroids: a centroid rule: called without argument gives K x N, has `prepare` and `update`.
        loss: called as (logits, embeddings, centroids, target), gives a dict of `loss` and its `terms`;
            with `detached_head` the head is a probe: no gradient of its logits reaches the network; with
            `whole_batch` it is no mean over samples, and sees those of all processes together.
        optimizer: parameter groups to an optimizer; see `parameter_groups`.
        num_classes: K.
        embedding_dim: N.
        seed: dropout of each epoch is drawn from (seed, epoch), so that a resumed run draws the same.
        centroid_lr: learning rate of centroids and of a loss's own parameters; None for the optimizer's.
        schedule: how learning rates change; None for constant ones.
        decay_all: weight decay on biases, normalisation layers and centroids too.
        loss_warmup: share of the run's steps over which the loss's `weight` (λ) rises from near 0.
        freeze: the network up to its embedding layer stays as it starts, in evaluation mode.
        config: primitives that rebuild this module; kept in the checkpoint.
        settings: all that can change the run's result; kept in the checkpoint and compared on resuming.
    """

    centroids: Any
    loss: Any

    def __init__(
        self,
        net: nn.Module,
        head: nn.Module,
        centroids: nn.Module,
        loss: nn.Module,
        optimizer: Callable[[list[dict[str, Any]]], torch.optim.Optimizer] | None,
        num_classes: int,
        embedding_dim: int,
        seed: int = 0,
        centroid_lr: float | None = None,
        schedule: Schedule | None = None,
        decay_all: bool = False,
        loss_warmup: float = 0.0,
        freeze: bool = False,
        config: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters({"config": dict(config or {})}, logger=False)
        self.net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.head, self.centroids, self.loss = head, centroids, loss
        self.optimizer, self.centroid_lr, self.seed = optimizer, centroid_lr, seed
        self.schedule, self.decay_all, self.loss_warmup = schedule or Schedule(), decay_all, loss_warmup
        self.settings = dict(settings or {})
        self.provenance: Mapping[str, Any] = {}  # of the run, kept in the checkpoint and compared on resuming
        self.keeps_constants = False  # the standardising constants came with weights of another run
        self.initial: dict[str, Any] = {}  # what was taken of a checkpoint at the start
        self.full_weight = getattr(loss, "weight", 0.0)  # λ
        self.holds = freeze
        for layer in self._frozen():
            layer.requires_grad_(requires_grad=False).eval()
        self.step_terms = TermMeans(self.loss.terms)
        self.evaluation = TwoPartEvaluation(num_classes, embedding_dim, self.loss.terms)
        self._evaluated: dict[str, Tensor] | None = None
        self.final: dict[str, Tensor] = {}
        self.sparse = {k: p for k, p in self.named_parameters() if isinstance(p, SparseRows)}
        self._ddp_params_and_buffers_to_ignore = list(self.sparse)

    @property
    def data(self) -> ImageDataModule:
        """Return the data module of the run."""
        return self.trainer.datamodule  # type: ignore[attr-defined, no-any-return]

    def forward(self, images: Tensor) -> Outputs:
        """Return embeddings (B x N) and logits (B x K) of uint8 images (B x C x H x W)."""
        embeddings = self.net(images)
        probe = getattr(self.loss, "detached_head", False)
        return Outputs(embeddings, self.head(embeddings.detach() if probe else embeddings))

    def train(self, mode: bool = True) -> Self:
        """Choose training or evaluation; what is frozen stays in evaluation mode."""
        super().train(mode)
        for layer in self._frozen():
            layer.eval()
        return self

    def _frozen(self) -> list[nn.Module]:
        return _trunk(self.net) if self.holds else []

    def make_optimizer(self) -> torch.optim.Optimizer:
        """Return one optimizer of all parameters that learn."""
        assert self.optimizer is not None, "a module loaded for prediction has no optimizer"
        network = [*self.net.parameters(), *self.head.parameters()]
        own = [*self.centroids.parameters(), *self.loss.parameters()]
        return self.optimizer(parameter_groups(network, own, self.centroid_lr, self.decay_all))

    def configure_optimizers(self) -> Any:
        """Return the optimizer, and Lightning's configuration of its schedulers where there are any."""
        optimizer = self.make_optimizer()
        if self.schedule.constant:
            return optimizer
        steps, epochs = int(self.trainer.estimated_stepping_batches), self.trainer.max_epochs or 1
        return [optimizer], self.schedule.configured(optimizer, steps, epochs)

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Change the rates, but for those that stay."""
        super().lr_scheduler_step(scheduler, metric)
        restore(scheduler.optimizer)

    def on_fit_start(self) -> None:
        """Fill the standardising constants from the training part; a resumed run has them already."""
        for layer in self.net.modules():
            if isinstance(layer, Standardize) and not (self.trainer.ckpt_path or self.keeps_constants):
                layer.fit(*self.data.pixel_statistics())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the run's settings, what a picture must be brought to and what the classes are called."""
        data = self.data
        checkpoint["settings"], checkpoint["provenance"] = self.settings, dict(self.provenance)
        checkpoint["initial"] = self.initial
        checkpoint["data"] = {
            "class_names": [str(name) for name in data.class_names],
            "picture_input": data.picture_input._asdict(),
            "usual": data.usual_traits,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the origin of the run's initial weights."""
        self.initial = checkpoint.get("initial", {})

    def on_train_epoch_start(self) -> None:
        """Begin the epoch's means, and draw its randomness from (seed, epoch), another in each process."""
        self.step_terms.reset()  # here, since not every epoch is evaluated
        own = [self.global_rank] if self.global_rank else []
        torch.manual_seed(seed_of(self.seed, self.current_epoch, *own))

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Let λ rise: of W steps of the warm-up, step t (from 0) has (t + 1) / W of it."""
        if self.loss_warmup:
            rising = max(1, round(self.loss_warmup * self.trainer.estimated_stepping_batches))
            self.loss.weight = self.full_weight * min(1.0, (self.global_step + 1) / rising)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of a batch; in one process nothing here waits for the device.

        Several processes have a share of the batch each; their gradients together are those of the whole.
        """
        images, target = batch
        embeddings, logits = self(images)
        features = embeddings.detach()
        self.centroids.prepare(features, target)
        if whole := getattr(self.loss, "whole_batch", False):
            embeddings, logits, labels = joined(embeddings), joined(logits), joined(target)
        else:
            labels = target
        terms: dict[str, Tensor] = self.loss(logits, embeddings, self.centroids(), labels)
        self.centroids.update(features, target)
        self.step_terms.update(terms, len(labels))
        return terms["loss"] if whole else shared(terms["loss"], len(target))

    def on_after_backward(self) -> None:
        """Average sparse gradients over processes."""
        average_sparse(self.sparse.values())

    def on_train_epoch_end(self) -> None:
        """Give a scheduler the metric that it monitors, before the checkpoint of the epoch is written."""
        if (
            self.schedule.monitor
            and (self.current_epoch + 1) % (self.trainer.check_val_every_n_epoch or 1) == 0
        ):
            looking = self.trainer.lr_scheduler_configs[0].scheduler
            self.lr_scheduler_step(looking, self.schedule.seen(self.trainer.callback_metrics))

    def on_validation_epoch_start(self) -> None:
        """Forget the epoch before."""
        self.evaluation.to(self.device)  # from the host, where the epoch before was computed
        self.evaluation.reset()
        self._evaluated = None
        self.last_weight = getattr(self.loss, "weight", 0.0)
        if self.loss_warmup:
            self.loss.weight = self.full_weight

    on_test_epoch_start = on_validation_epoch_start

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int) -> None:
        """Measure a batch of the fixed part of train (0) or of the watched part (1)."""
        images, target = batch
        outputs = self(images)
        terms = self.loss(outputs.logits, outputs.embeddings, self.centroids(), target)
        final = bool(self.trainer.testing)
        self.evaluation.update(dataloader_idx, outputs, target, terms, self.centroids(), final)

    test_step = validation_step

    def evaluated(self) -> dict[str, Tensor]:
        """Return on the host, after one wait, what the evaluation of this epoch computed, image by image.

        `train_…` of its fixed part of train (none in the final test) and `watched_…` of validation or test:
        `embeddings`, `preds` and `target`; with them `centroids` and `class_means`. Asked of every process.
        """
        if self._evaluated is None:
            self._evaluated = self._on_host(self.evaluation.rows() | {"centroids": self.centroids()})
        return self._evaluated

    def on_validation_epoch_end(self) -> None:
        """Log the scalars of both parts."""
        watched = "val" if self.data.has_validation else "test"
        found = self._evaluated or self._on_host({})  # callbacks came first
        steps, weight = {term: found[f"step_{term}"] for term in self.step_terms.terms}, found.get("weight")
        train = {f"train/{k}": v for k, v in (self.evaluation.fixed.compute(weight) | steps).items()}
        train |= {f"train/{k}": torch.tensor(v, dtype=torch.float64) for k, v in self._rates().items()}
        scores = self.evaluation.watched.compute(weight)
        self.log_dict(train | {f"{watched}/{k}": v for k, v in scores.items()})
        self.evaluation.forget_rows()  # callbacks have had them
        self._evaluated = None

    def _rates(self) -> dict[str, float]:
        """Return the learning rates after the epoch's last step, and its λ, where they change in a run."""
        rates = {"lambda": self.last_weight} if self.loss_warmup else {}
        if not self.schedule.constant:
            groups = self.trainer.optimizers[0].param_groups
            names = ["centroid_lr" if group.get(CENTROIDS) else "lr" for group in groups]
            rates |= {name: float(group["lr"]) for name, group in zip(names, groups, strict=True)}
        return rates

    def on_test_epoch_end(self) -> None:
        """Log the final scalars of the test part, its class means taken over the whole training part."""
        retrieved = self.evaluation.retrieval.compute()
        found = self._on_host(retrieved)
        scores = self.evaluation.watched.compute(found.get("weight")) | {key: found[key] for key in retrieved}
        self.final = {f"test/{k}": v for k, v in scores.items()}
        self.log_dict(self.final)

    def _on_host(self, values: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return on the host, after one wait, `values`, `step_…` terms and the scores' `weight`."""
        steps = {f"step_{term}": value for term, value in self.step_terms.compute().items()}
        return self.evaluation.on_host(values | steps, getattr(self.head, "weight", None))

    def measured(self) -> dict[str, Any]:
        """Return what the final test measured, as primitives: metrics, those `by_class`, parameters."""
        return {
            "metrics": {key: float(value) for key, value in self.final.items()},
            "init_from": self.initial,
            **self.evaluation.watched.by_class(),
            "num_parameters": sum(p.numel() for p in self.parameters()),
        }


def _trunk(net: nn.Module) -> list[nn.Module]:
    """Return the outermost modules that hold no embedding layer: all of a network but that."""
    if isinstance(net, Embedding):
        return []
    if not any(isinstance(layer, Embedding) for layer in net.modules()):
        return [net]
    return [layer for child in net.children() for layer in _trunk(child)]
