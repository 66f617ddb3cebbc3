"""Images in memory: a dataset that serves whole batches, and the order in which training sees them."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from icv_lightning.data.augmentation.in_turn import Augmentation
from icv_lightning.data.decoding import LazyImages
from icv_lightning.data.sizes import check_batch_size, check_per_class

Batch = tuple[Tensor, Tensor]
Drawn = tuple[Tensor, Tensor, Tensor]  # with the random numbers of an augmentation
Transform = Callable[[Tensor], Tensor]


class InMemoryImages(Dataset[Batch]):
    """A view on uint8 images and their classes, fetched a batch at a time.

    Args:
        images: all images of the part, M x C x H x W, or a `LazyImages` in their place.
        target: their classes, M.
        index: the positions that belong to this view; None for all.
        transform: maps one uint8 image C x H x W to another; called for each image of a batch with a
            random state of its own, drawn from (seed, epoch, position), so neither batches, workers nor
            a resumed run change what it draws.
        seed: seed of the transform's and the augmentation's random numbers.
        augment: changes whole batches later, on their device; they then bring its random numbers, B x draws,
            drawn for each image from (seed, epoch, position).
    """

    def __init__(
        self,
        images: UInt8[Tensor, "all channel height width"] | LazyImages,
        target: Int64[Tensor, " all"],
        index: Int64[Tensor, " view"] | None = None,
        transform: Transform | None = None,
        seed: int = 0,
        augment: Augmentation | None = None,
    ) -> None:
        self.images, self.all_target = images, target
        self.index = torch.arange(len(target)) if index is None else index
        self.transform, self.seed, self.epoch = transform, seed, 0
        self.augment = augment
        self._draws: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.index)

    @property
    def target(self) -> Int64[Tensor, " view"]:
        """The classes of this view, in order."""
        return self.all_target[self.index]

    def __getitems__(self, positions: Sequence[int]) -> Batch | Drawn:
        """Return (images, target) of the view's `positions`: uint8 B x C x H x W and int64 B.

        With an augmentation its random numbers come third, float32 B x draws.
        """
        index = self.index[torch.as_tensor(positions)]
        images = self.images[index]
        if self.transform is not None:
            images = torch.stack(
                [self._transformed(i, x) for i, x in zip(index.tolist(), images, strict=True)]
            )
        if self.augment is None:
            return images, self.all_target[index]
        return images, self.all_target[index], self.draws(self.augment.draws)[index]

    def __getitem__(self, position: int) -> tuple[Tensor, ...]:  # type: ignore[override]
        return tuple(values[0] for values in self.__getitems__([position]))

    def draws(self, count: int) -> Float[Tensor, "all draw"]:
        """Return `count` random numbers in [0, 1) for each image of the part, those of this epoch."""
        if self._draws is None or self._draws[0] != self.epoch:
            generator = torch.Generator().manual_seed(seed_of(self.seed, self.epoch, count))
            self._draws = self.epoch, torch.rand(len(self.all_target), count, generator=generator)
        return self._draws[1]

    def _transformed(self, index: int, image: Tensor) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            # not torch.manual_seed, which would seed the accelerator that draws dropout, too
            torch.default_generator.manual_seed(seed_of(self.seed, self.epoch, index))
            return self.transform(image)  # type: ignore[misc]


class ShuffledEachEpoch(Sampler[int]):
    """A permutation per epoch that depends on (seed, epoch) alone, so a resumed run sees the same batches.

    The trainer calls `set_epoch`; the dataset is told the epoch too, for its random transforms.
    """

    def __init__(self, dataset: InMemoryImages, seed: int) -> None:
        self.dataset, self.seed = dataset, seed

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0."""
        self.dataset.epoch = epoch

    def __len__(self) -> int:
        return len(self.dataset)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.dataset.epoch))
        return iter(torch.randperm(len(self.dataset), generator=generator).tolist())


class ClassBalancedEachEpoch(Sampler[int]):
    """Batches of `batch_size / per_class` classes, `per_class` images each, drawn from (seed, epoch) alone.

    For losses that need pairs (the m per class of metric learning). Classes are drawn anew for each
    batch, the images of a class without replacement until all had their turn; a class smaller than
    `per_class` stands in a batch repeatedly. An epoch has as many full batches as a plain shuffle.

    Args:
        dataset: images to draw from.
        seed: seed of the draws.
        batch_size: B.
        per_class: images of a class in a batch.

    Raises:
        UserError: `per_class` does not divide `batch_size` into 2 or more classes that there are.
    """

    def __init__(self, dataset: InMemoryImages, seed: int, batch_size: int, per_class: int) -> None:
        self.dataset, self.seed, self.batch_size, self.per_class = dataset, seed, batch_size, per_class
        target = dataset.target
        self.positions = [torch.nonzero(target == k).flatten() for k in sorted(set(target.tolist()))]
        check_per_class(per_class, batch_size, len(self.positions))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0."""
        self.dataset.epoch = epoch

    def __len__(self) -> int:
        return len(self.dataset) // self.batch_size * self.batch_size

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.dataset.epoch))
        turns = [_endless(positions, generator) for positions in self.positions]
        for _ in range(len(self.dataset) // self.batch_size):
            order = torch.randperm(len(turns), generator=generator)
            for k in order[: self.batch_size // self.per_class].tolist():
                yield from itertools.islice(turns[k], self.per_class)


class BatchShares(Sampler[list[int]]):
    """Batches of `batch_size`, of each the share of one process: successive pieces, rank 0's first.

    The last, shorter batch of an epoch is left out where it holds fewer than two images for a process
    (batch normalisation).

    Args:
        sampler: the order of all positions; the trainer tells it the epoch.
        batch_size: B, of all processes together.
        rank: rank of this process.
        world: number of processes.

    Raises:
        UserError: `batch_size` below two images for a process.
    """

    def __init__(self, sampler: Sampler[int], batch_size: int, rank: int = 0, world: int = 1) -> None:
        check_batch_size(batch_size, world)
        self.sampler, self.batch_size, self.rank, self.world = sampler, batch_size, rank, world

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole + (rest >= 2 * self.world)

    def __iter__(self) -> Iterator[list[int]]:
        positions = iter(self.sampler)
        for _ in range(len(self)):
            batch = list(itertools.islice(positions, self.batch_size))
            yield batch[piece(len(batch), self.rank, self.world)]


def piece(size: int, rank: int, world: int) -> slice:
    """Return the positions of one of `world` successive, nearly equal pieces of `size`."""
    return slice(rank * size // world, (rank + 1) * size // world)


def _endless(positions: Tensor, generator: torch.Generator) -> Iterator[int]:
    while True:
        yield from positions[torch.randperm(len(positions), generator=generator)].tolist()


def seed_of(*numbers: int) -> int:
    """Return a 32-bit seed that mixes non-negative `numbers`; neighbours give unrelated seeds."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
