"""An order of training images in which each class stands equally often, whatever its size."""

from collections.abc import Iterator

import torch
from torch import Tensor

from icv_lightning.data.images import InMemoryImages, ShuffledEachEpoch, seed_of


class EqualClassesEachEpoch(ShuffledEachEpoch):
    """As many images as the training part has, of each class equally many (at most one apart), shuffled.

    Drawn from (seed, epoch) alone. All images of a class have their turn before one comes again: small
    classes repeat in an epoch, and of large ones an epoch shows a part.

    Args:
        dataset: images to draw from.
        seed: seed of the draws.
    """

    def __init__(self, dataset: InMemoryImages, seed: int) -> None:
        super().__init__(dataset, seed)
        order = dataset.target.argsort(stable=True)
        self.positions = torch.split(order, [n for n in dataset.target.bincount().tolist() if n])

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.dataset.epoch))
        size, classes = len(self), len(self.positions)
        turns = torch.randperm(classes, generator=generator).repeat(-(-size // classes))[:size]
        turns = turns[torch.randperm(size, generator=generator)]  # which class comes when
        drawn = torch.empty(size, dtype=torch.int64)
        counts = turns.bincount(minlength=classes).tolist()
        drawn[turns.argsort(stable=True)] = torch.cat(
            [_repeated(own, count, generator) for own, count in zip(self.positions, counts, strict=True)]
        )
        return iter(drawn.tolist())


def _repeated(positions: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` of the positions: permutations of all of them, one after the other."""
    rounds = -(-count // len(positions))
    found = [positions[torch.randperm(len(positions), generator=generator)] for _ in range(rounds)]
    return torch.cat(found)[:count] if found else positions[:0]
