"""What a run shows beyond scalars: embeddings with centroids, confusion, variance per class, a sample."""

from collections.abc import Sequence
from typing import Any

import lightning as L
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from icv_lightning.callbacks import figures
from icv_lightning.loggers import Sample, Tracker
from icv_lightning.module import ClassifierModule

THUMBNAIL = 32  # pixels; larger images are shrunk


class Gallery(L.Callback):
    """Give the run's trackers pictures and tables; with no tracker among its loggers it does nothing.

    After an epoch: `<part>/embeddings`, the embeddings of the watched part with the centroids. After the
    final test: `test/confusion`, `test/var_within_per_class` (over the between-class variance, since the
    scale of embeddings is free), the table `test/per_class`, and `test/sample`, embedded test images.

    Args:
        epochs: epochs after which embeddings are drawn, counted from 1; the last epoch always is.
        sample_size: images in the sample, evenly spaced over the test part, equal in all runs.

    Raises:
        ValueError: an epoch or `sample_size` below 1.
    """

    def __init__(self, epochs: Sequence[int] = (), sample_size: int = 2000) -> None:
        if any(epoch < 1 for epoch in epochs):
            raise ValueError(f"epochs must be at least 1, got {list(epochs)}")
        if sample_size < 1:
            raise ValueError(f"sample_size must be at least 1, got {sample_size}")
        self.epochs, self.sample_size = frozenset(epochs), sample_size

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw the embeddings; the scalars of the epoch follow, so that trackers have them in one row."""
        if not self._due(trainer):
            return
        assert isinstance(pl_module, ClassifierModule)
        seen, trackers = pl_module.evaluated(), _trackers(trainer)
        if not trackers:
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        epoch = trainer.current_epoch + 1
        image = figures.embedding_scatter(
            seen["watched_embeddings"].float().numpy(), seen["watched_target"].numpy(),
            seen["centroids"].float().numpy(),
            data.class_names, f"{data.name}, epoch {epoch}",
        )  # fmt: skip
        for tracker in trackers:
            tracker.log_image(f"{'val' if data.has_validation else 'test'}/embeddings", image, epoch)

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show what the final test measured."""
        assert isinstance(pl_module, ClassifierModule)
        confusion = pl_module.measured()["confusion"]  # this, variance and rows are asked of every process
        variance = pl_module.evaluation.watched.variance.compute()
        seen = pl_module.evaluated()
        data, epoch, trackers = pl_module.data, trainer.current_epoch, _trackers(trainer)
        if not trackers:
            return
        ratio = (variance["var_per_class"] / variance["var_between"]).cpu().numpy()
        title = "test, within-class variance over between-class variance"
        pictures = {"test/var_within_per_class": figures.class_bars(ratio, data.class_names, title)}
        if confusion is not None:
            pictures["test/confusion"] = figures.confusion_matrix(confusion, data.class_names, "test")
        columns = ("class", "var_within", "var_within_over_between")
        rows = list(zip(data.class_names, variance["var_per_class"].tolist(), ratio.tolist(), strict=True))
        sample = self._sample(pl_module, seen)
        for tracker in trackers:
            for key, image in pictures.items():
                tracker.log_image(key, image, epoch)
            tracker.log_table("test/per_class", columns, rows, epoch)
            tracker.log_sample("test/sample", sample, epoch)

    def _sample(self, module: ClassifierModule, seen: dict[str, Tensor]) -> Sample:
        part = module.data.test_part
        chosen = torch.linspace(0, len(part) - 1, min(self.sample_size, len(part))).round().long()
        index = part.index[chosen]
        embeddings = seen["watched_embeddings"].float()[chosen]
        centroids = seen["centroids"].float()
        return Sample(
            index, thumbnails(part.images[index]), embeddings, seen["watched_target"][chosen],
            seen["watched_preds"][chosen],
            torch.cdist(embeddings, centroids, compute_mode="donot_use_mm_for_euclid_dist"),
            module.data.class_names,
        )  # fmt: skip

    def _due(self, trainer: L.Trainer) -> bool:
        if trainer.testing:
            return True
        epoch = trainer.current_epoch + 1
        return not trainer.sanity_checking and (epoch in self.epochs or epoch == trainer.max_epochs)


def _trackers(trainer: L.Trainer) -> list[Tracker]:
    loggers = trainer.loggers if trainer.is_global_zero else []
    return [logger for logger in loggers if isinstance(logger, Tracker)]


def thumbnails(images: UInt8[Tensor, "sample channel height width"]) -> Tensor:
    """Return the images, brought to at most `THUMBNAIL` pixels a side."""
    side = max(images.shape[-2:])
    if side <= THUMBNAIL:
        return images
    shrunk = interpolate(images.float(), scale_factor=THUMBNAIL / side, mode="bilinear", antialias=True)
    return shrunk.round().clamp(0, 255).to(torch.uint8)
