"""Class-balanced sampling: equal counts, fair turns, drawn from (seed, epoch) alone."""

import pytest
import torch

from icv_lightning.data.equal_classes import EqualClassesEachEpoch
from icv_lightning.data.images import InMemoryImages

SIZES = [50, 5, 20, 26]


@pytest.fixture
def dataset() -> InMemoryImages:
    target = torch.repeat_interleave(torch.arange(4), torch.tensor(SIZES))
    target = target[torch.randperm(len(target), generator=torch.Generator().manual_seed(5))]
    return InMemoryImages(torch.zeros(len(target), 1, 1, 1, dtype=torch.uint8), target)


def drawn(dataset: InMemoryImages, seed: int = 0, epoch: int = 0) -> torch.Tensor:
    order = EqualClassesEachEpoch(dataset, seed)
    order.set_epoch(epoch)
    found = torch.tensor(list(order))
    assert len(found) == len(order) == sum(SIZES)
    return found


@pytest.mark.parametrize("epoch", range(4))
def test_each_class_is_drawn_equally_often(dataset: InMemoryImages, epoch: int) -> None:
    positions = drawn(dataset, epoch=epoch)
    counts = dataset.target[positions].bincount()
    assert counts.sum() == 101
    assert set(counts.tolist()) == {25, 26}
    for k, size in enumerate(SIZES):  # every image of a class has its turn before one comes again
        own = positions[dataset.target[positions] == k].bincount(minlength=101)[dataset.target == k]
        assert own.max() - own.min() <= 1
        assert own.sum() == counts[k]
        assert len(own) == size


def test_the_order_is_mixed(dataset: InMemoryImages) -> None:
    classes = dataset.target[drawn(dataset)]
    assert (classes[1:] == classes[:-1]).float().mean() < 0.5


def test_seed_and_epoch_alone_decide(dataset: InMemoryImages) -> None:
    assert torch.equal(drawn(dataset, 1, 2), drawn(dataset, 1, 2))
    assert not torch.equal(drawn(dataset, 1, 2), drawn(dataset, 1, 3))
    assert not torch.equal(drawn(dataset, 1, 2), drawn(dataset, 2, 2))


def test_a_class_that_is_absent_is_left_out() -> None:
    dataset = InMemoryImages(torch.zeros(6, 1, 1, 1, dtype=torch.uint8), torch.tensor([3, 0, 3, 3, 3, 3]))
    found = dataset.target[torch.tensor(list(EqualClassesEachEpoch(dataset, 0)))]
    assert found.bincount().tolist() == [3, 0, 0, 3]
