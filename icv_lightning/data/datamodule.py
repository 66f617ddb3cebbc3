"""The LightningDataModule that every data set here is: images in memory, the official split, fixed parts."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Sampler

from icv_lightning.data.augmentation.in_turn import Augmentation
from icv_lightning.data.decoding import as_it_is
from icv_lightning.data.degenerate import without_content
from icv_lightning.data.equal_classes import EqualClassesEachEpoch
from icv_lightning.data.images import (
    Batch,
    BatchShares,
    ClassBalancedEachEpoch,
    InMemoryImages,
    ShuffledEachEpoch,
    Transform,
    piece,
)
from icv_lightning.data.parts import Part, check_classes, check_shape, kept_classes, stratified
from icv_lightning.data.recorded import RecordedData
from icv_lightning.data.resident import Residence, ResidentBatches
from icv_lightning.data.sizes import check_val_size
from icv_lightning.errors import UserError, check_at_least

log = logging.getLogger(__name__)
Order = ShuffledEachEpoch | ClassBalancedEachEpoch | EqualClassesEachEpoch
Batches = DataLoader[Batch] | ResidentBatches
SAMPLINGS = ("shuffle", "balanced")
FIXED_SEED = 20190131  # of what must not depend on the run's seed: the part of train that is looked at


class ImageDataModule(RecordedData, L.LightningDataModule):
    """Serve (images, target) batches: uint8 B x C x H x W, int64 B; data sets implement `load`.

    The training part is the official one, less `val_size` images that a seed chooses, stratified, or
    `train_size` of these. The test part is never mixed in; `unseen` gives its images of classes that
    `classes` leaves out. Evaluation after an epoch sees two loaders: a fixed,
    stratified part of train (at most `monitor_size` images), then validation if there is any, else test.
    Testing sees the whole training part (for its class means), then test.

    Of several processes that train together each gets its share of every training batch and of every
    part to evaluate, no image twice.

    Attributes:
        quiet: say nothing about progress; False where somebody waits at a terminal.
        validation: a validation part of the data set's own, which `load` sets; else None.
        sampled_files: some of the training part's, where pictures come from files.
        without_content: a warning where there is nothing to see in the training part; else None.

    Args:
        name: name of the data set in results.
        num_classes: K that the data must have, or that `classes` keep.
        channels: 1 (grey) or 3 (RGB).
        image_size: side of the square images in pixels.
        root: folder of data sets, where there are files; never part of a run's identity.
        batch_size: training batch B, of all processes together, at least 2 for each (batch normalisation);
            the last, shorter one is dropped only where it would hold fewer.
        eval_batch_size: batch of evaluation; changes no result.
        val_size: images cut from train for validation, 0 for none.
        per_class: images of a class in a class-balanced batch of `batch_size / per_class` classes; None for
            a plain shuffle.
        sampling: "shuffle", or "balanced" for equally many images of each class in an epoch.
        train_size: images of train to use, stratified, chosen by the seed; None for all.
        monitor_size: size of the fixed part of train.
        num_workers: loader processes; 0 is fastest without a transform.
        device: "auto": images that are neither transformed nor decoded when they come lie on the GPU that
            computes, where they take at most a quarter of its free memory; "cpu": never. Changes no batch.
        transform: callable on one uint8 image, for training alone.
        augment: changes whole training batches on the device that computes; a batch of `train_dataloader`
            becomes (images, target) in `on_after_batch_transfer`, which a trainer calls.
        seed: seed of the order of batches, the validation part and random transforms.
        classes: those of train and test to keep, numbered anew from 0 in this order; None for all.

    Raises:
        ValueError: `batch_size` below 2, a negative size, `classes` that are not `num_classes` different
            numbers, an `augment` that is no `Augmentation`, an unknown `sampling`, or a balanced one with
            `per_class`.
    """

    train_part: InMemoryImages
    monitor_part: InMemoryImages
    val_part: InMemoryImages
    test_part: InMemoryImages
    train_order: Order

    def __init__(
        self,
        name: str,
        num_classes: int,
        channels: int,
        image_size: int,
        root: str = "data",
        batch_size: int = 256,
        eval_batch_size: int = 200,
        val_size: int = 0,
        train_size: int | None = None,
        monitor_size: int = 10_000,
        num_workers: int = 0,
        transform: Transform | None = None,
        seed: int = 0,
        classes: Sequence[int] | None = None,
        per_class: int | None = None,
        device: str = "auto",
        augment: Augmentation | None = None,
        sampling: str = "shuffle",
    ) -> None:
        super().__init__()
        if device not in ("auto", "cpu"):
            raise ValueError(f"device must be 'auto' or 'cpu', got {device!r}")
        check_at_least(2, batch_size=batch_size)
        sizes = {"val_size": val_size, "train_size": train_size or 0, "monitor_size": monitor_size}
        for key, value in (sizes | {"num_workers": num_workers}).items():
            if value < 0:
                raise ValueError(f"{key} must not be negative, got {value}")
        if classes is not None and (len(set(classes)) < len(classes) or len(classes) != num_classes):
            raise ValueError(f"classes must be num_classes={num_classes} different numbers, got {[*classes]}")
        if sampling not in SAMPLINGS or (sampling == "balanced" and per_class is not None):
            raise ValueError(
                f"sampling must be {' or '.join(SAMPLINGS)}, and shuffle with per_class, got {sampling!r}"
            )
        if augment is not None and not isinstance(augment, Augmentation):
            raise ValueError(f"augment must be called with draws, which it has, got {type(augment).__name__}")
        self.classes = None if classes is None else list(classes)
        self.name, self.num_classes, self.channels, self.image_size = name, num_classes, channels, image_size
        self.class_names = [str(k) for k in range(1 + max(self.classes or [num_classes - 1]))]
        self.root = Path(root).expanduser()
        self.batch_size, self.eval_batch_size, self.num_workers = batch_size, eval_batch_size, num_workers
        self.val_size, self.train_size, self.monitor_size = val_size, train_size, monitor_size
        self.transform, self.seed, self.per_class, self.device = transform, seed, per_class, device
        self.augment, self.sampling = augment, sampling
        self._residence: Residence | None = None
        self.quiet = True
        self.validation: Part | None = None
        self.without_content: str | None = None
        self.sampled_files: list[Path] = []

    @property
    def has_validation(self) -> bool:
        """Tell whether there is a validation part, once `setup` has run."""
        return self.val_size > 0 or self.validation is not None

    def load(self) -> tuple[Part, Part]:
        """Return (images, target) of the train and the test part; raise `UserError` for what is wrong.

        A data set with a validation part of its own sets `validation` to it.
        """
        raise NotImplementedError

    def setup(self, stage: str | None = None) -> None:
        """Load and check the parts, once."""
        if hasattr(self, "train_part"):
            return
        (images, whole_target), (test_images, test_target) = self.load()
        for part in (images, test_images):
            check_shape(part, self.picture_input.shape, str(self.name))
        self.loaded = {"train": (images, whole_target), "test": (test_images, test_target)}
        self.loaded |= {} if self.validation is None else {"val": self.validation}
        self.names_loaded = self.class_names
        target, rest = self._kept(whole_target, "train")
        kept_test_target, kept_test = self._kept(test_target, "test")
        if self.classes is not None:
            self.class_names = [self.class_names[k] for k in self.classes]
        if self.validation is not None:
            if self.val_size:
                raise UserError(f"data.val_size={self.val_size}: must be 0 where there is a validation part")
            val_target, val = self._kept(self.validation[1], "validation")
            self.val_part = InMemoryImages(self.validation[0], val_target, val)
        elif self.val_size:
            check_val_size(self.val_size, self.num_classes, str(self.name), len(rest))
            rest, held = self._cut("val_size", rest, target[rest], self.seed)
            self.val_part = InMemoryImages(images, target, held)
        if self.train_size is not None and self.train_size < len(rest):
            _, rest = self._cut("train_size", rest, target[rest], self.seed)
        self.train_part = InMemoryImages(images, target, rest, self.transform, self.seed, self.augment)
        self.train_order = self._order()
        looked_at = rest
        if self.monitor_size < len(rest):
            _, looked_at = self._cut("monitor_size", rest, target[rest], FIXED_SEED)
        self.monitor_part = InMemoryImages(images, target, looked_at)
        self.test_part = InMemoryImages(test_images, kept_test_target, kept_test)
        self.without_content = without_content(self.train_part, self.class_names)
        if self.without_content:
            log.warning("%s", self.without_content)
        self._left_out = InMemoryImages(test_images, test_target, (kept_test_target < 0).nonzero()[:, 0])

    def unseen(self) -> InMemoryImages:
        """Return the test images of the classes left out, under their own numbers, to enrol and compare."""
        return self._left_out

    def train_dataloader(self) -> Batches:
        """Return the loader of shuffled training batches; the order depends on seed and epoch alone."""
        shares = BatchShares(self.train_order, self.batch_size, *self._place())
        if not len(shares):
            size = len(self.train_part)
            raise UserError(f"data.batch_size={self.batch_size}: {size} images of training make no batch")
        return self._loader(self.train_part, shares)

    def val_dataloader(self) -> list[Batches]:
        """Return the loaders after an epoch: the fixed part of train, then validation or test."""
        watched = self.val_part if self.has_validation else self.test_part
        return [self._evaluated(part) for part in (self.monitor_part, watched)]

    def test_dataloader(self) -> list[Batches]:
        """Return the loaders of the final test: the training part without transform, then test."""
        whole = InMemoryImages(self.train_part.images, self.train_part.all_target, self.train_part.index)
        return [self._evaluated(part) for part in (whole, self.test_part)]

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a batch; the random numbers of an augmentation stay on the CPU."""
        moved: Any = super().transfer_batch_to_device(batch[:2], device, dataloader_idx)
        return (*moved, *batch[2:])

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Batch:
        """Augment a training batch, on its device; any other is left as it is."""
        if self.augment is None or len(batch) == 2:
            return batch  # type: ignore[no-any-return]
        images, target, draws = batch
        return self.augment(images, draws), target

    def _evaluated(self, part: InMemoryImages) -> Batches:
        """Return the loader of this process's piece of a part, in whole batches where there are enough."""
        rank, world = self._place()
        if world > 1:
            if world > len(part):
                raise UserError(f"trainer.devices: {world} processes cannot share {len(part)} images")
            unit = self.eval_batch_size if len(part) > (world - 1) * self.eval_batch_size else 1
            own = piece(-(-len(part) // unit), rank, world)
            index = part.index[own.start * unit : own.stop * unit]
            part = InMemoryImages(part.images, part.all_target, index)
        return self._loader(part, BatchSampler(range(len(part)), self.eval_batch_size, drop_last=False))

    def _place(self) -> tuple[int, int]:
        """Return this process's rank and the number of processes."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _loader(self, part: InMemoryImages, batches: Sampler[list[int]], **options: Any) -> Batches:
        device = self.trainer.strategy.root_device if self.trainer else torch.device("cpu")
        if self.device == "auto":
            if self._residence is None or self._residence.device != device:
                self._residence = Residence(device)
            if resident := self._residence.of(part):
                return ResidentBatches(resident, batches)
        return DataLoader(
            part, collate_fn=as_it_is, batch_sampler=batches, pin_memory=device.type == "cuda",
            generator=torch.Generator(),  # an iterator would draw from the global state, whenever it is made
            **{"num_workers": self.num_workers} | options,
        )  # fmt: skip

    def _order(self) -> Order:
        if self.sampling == "balanced":
            return EqualClassesEachEpoch(self.train_part, self.seed)
        if self.per_class is None:
            return ShuffledEachEpoch(self.train_part, self.seed)
        return ClassBalancedEachEpoch(self.train_part, self.seed, self.batch_size, self.per_class)

    def _cut(self, key: str, index: Tensor, target: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        size: int = getattr(self, key)
        try:
            return stratified(index, target, size, seed)
        except ValueError as error:
            raise UserError(
                f"data.{key}={size}: cannot be cut from the {len(index)} images of {self.name}, "
                f"class by class ({error})"
            ) from error

    def _kept(self, target: Tensor, part: str) -> tuple[Tensor, Tensor]:
        """Return the classes numbered anew, -1 where they are left out, and the positions of the others."""
        if self.classes is not None:
            return kept_classes(target, self.classes, str(self.name), part)
        check_classes(target, self.num_classes, str(self.name), part)
        return target, torch.arange(len(target))
