"""Images in memory and the order of training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.data.images import ClassBalancedEachEpoch, InMemoryImages, ShuffledEachEpoch, seed_of
from icv_lightning.errors import UserError

IMAGES = torch.arange(12, dtype=torch.uint8).view(6, 1, 1, 2)
TARGET = torch.tensor([0, 1, 2, 0, 1, 2])


def noise(image: torch.Tensor) -> torch.Tensor:
    return image + torch.randint(100, image.shape, dtype=torch.uint8)


def test_a_batch_is_images_and_target():
    images, target = InMemoryImages(IMAGES, TARGET).__getitems__([4, 0])
    assert images.flatten().tolist() == [8, 9, 0, 1]
    assert (images.shape, images.dtype) == ((2, 1, 1, 2), torch.uint8)
    assert target.tolist() == [1, 0]
    assert target.dtype == torch.int64


def test_a_view_counts_its_own_positions():
    view = InMemoryImages(IMAGES, TARGET, torch.tensor([5, 2, 1]))
    images, target = view.__getitems__([0, 2])
    assert len(view) == 3
    assert view.target.tolist() == [2, 2, 1]
    assert images[:, 0, 0, 0].tolist() == [10, 2]
    assert target.tolist() == [2, 1]


def test_a_single_image_is_that_of_the_batch():
    image, target = InMemoryImages(IMAGES, TARGET)[3]
    assert image.flatten().tolist() == [6, 7]
    assert target.item() == 0


def test_a_batch_is_a_copy():
    images, _ = InMemoryImages(IMAGES, TARGET).__getitems__([0])
    images += 1
    assert IMAGES.flatten()[0] == 0


def test_a_transform_draws_for_each_image_and_alike_in_any_batch():
    data = InMemoryImages(torch.zeros(6, 1, 4, 4, dtype=torch.uint8), TARGET, transform=noise)
    images, _ = data.__getitems__(range(6))
    assert len({tuple(image.flatten().tolist()) for image in images}) == 6
    again, _ = data.__getitems__([5, 3])
    assert torch.equal(again, images[[5, 3]])
    assert torch.equal(data[5][0], images[5])


@pytest.mark.parametrize("change", ["seed", "epoch"])
def test_a_transform_draws_anew_for_another_seed_or_epoch(change):
    data, other = (InMemoryImages(IMAGES, TARGET, transform=noise, seed=3) for _ in range(2))
    setattr(other, change, 4)
    assert not torch.equal(data[0][0], other[0][0])


def test_a_transform_draws_by_official_position_not_by_place_in_the_view():
    whole = InMemoryImages(IMAGES, TARGET, transform=noise)
    view = InMemoryImages(IMAGES, TARGET, torch.tensor([4]), transform=noise)
    assert torch.equal(view[0][0], whole[4][0])


def test_a_transform_leaves_the_random_state_of_the_run_alone(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)  # dropout on a device draws from there
    before = torch.get_rng_state()
    InMemoryImages(IMAGES, TARGET, transform=noise).__getitems__([0, 1])
    assert torch.equal(torch.get_rng_state(), before)
    assert not seeded


def order(seed: int, epoch: int) -> list[int]:
    sampler = ShuffledEachEpoch(InMemoryImages(IMAGES.repeat(10, 1, 1, 1), TARGET.repeat(10)), seed)
    sampler.set_epoch(epoch)
    assert len(sampler) == 60
    return list(sampler)


def test_order_is_a_permutation_that_depends_on_seed_and_epoch_alone():
    assert sorted(order(0, 0)) == list(range(60))
    torch.manual_seed(1)
    np.random.seed(1)
    first = order(3, 2)
    torch.manual_seed(2)
    np.random.seed(2)
    assert order(3, 2) == first
    assert order(3, 3) != first
    assert order(4, 2) != first
    assert order(2, 3) != first


def test_the_dataset_is_told_the_epoch():
    data = InMemoryImages(IMAGES, TARGET)
    ShuffledEachEpoch(data, seed=0).set_epoch(7)
    assert data.epoch == 7


def test_seeds_fit_in_32_bits_and_do_not_collide_for_neighbours():
    seeds = {seed_of(a, b, c) for a in range(8) for b in range(8) for c in range(8)}
    assert len(seeds) == 8**3
    assert all(0 <= seed < 2**32 for seed in seeds)


SIZES = (40, 25, 31, 4)  # images of each class; the last has fewer than stand in a batch


def balanced(seed: int = 0, epoch: int = 0, batch_size: int = 15, per_class: int = 5) -> list[list[int]]:
    """The batches of an epoch."""
    target = torch.repeat_interleave(torch.arange(4), torch.tensor(SIZES))
    data = InMemoryImages(torch.zeros(100, 1, 1, 1, dtype=torch.uint8), target)
    sampler = ClassBalancedEachEpoch(data, seed, batch_size, per_class)
    sampler.set_epoch(epoch)
    positions = list(sampler)
    assert len(positions) == len(sampler) == 100 // batch_size * batch_size
    return [positions[i : i + batch_size] for i in range(0, len(positions), batch_size)]


def class_of(position: int) -> int:
    return int(np.searchsorted(np.cumsum(SIZES), position, side="right"))


@given(st.integers(0, 2**32 - 1), st.sampled_from([(15, 5), (20, 10), (8, 2), (50, 25)]))
def test_a_balanced_batch_has_so_many_images_of_so_many_classes(seed, shape):
    batch_size, per_class = shape
    for batch in balanced(seed, 0, batch_size, per_class):
        counts = np.bincount([class_of(i) for i in batch], minlength=4)
        assert sorted(counts[counts > 0]) == [per_class] * (batch_size // per_class)


def test_images_of_a_class_take_turns():
    for k, size in enumerate(SIZES):
        turns = [i for batch in balanced(3, 0, 8, 2) for i in batch if class_of(i) == k]
        whole = len(turns) // size
        assert all(len(set(turns[r * size : (r + 1) * size])) == size for r in range(whole))
        assert len(set(turns[whole * size :])) == len(turns) - whole * size


def test_balanced_batches_depend_on_seed_and_epoch_alone():
    first = balanced(3, 2)
    torch.manual_seed(1)
    np.random.seed(1)
    assert balanced(3, 2) == first
    assert balanced(3, 3) != first
    assert balanced(4, 2) != first


@pytest.mark.parametrize(("batch_size", "per_class"), [(16, 5), (15, 15), (15, 3)])
def test_balanced_batches_that_cannot_be(batch_size, per_class):
    message = (
        rf"data.per_class={per_class}: must divide data.batch_size={batch_size} into at least 2 and at most 4"
    )
    with pytest.raises(UserError, match=message):
        balanced(0, 0, batch_size, per_class)


class Shift:
    """Adds a random number to each image, to see which it gets."""

    draws = 2

    def __call__(self, images, draws):
        return images + (draws[:, :1, None, None] * 200).to(torch.uint8)


def test_random_numbers_of_an_augmentation_belong_to_image_and_epoch():
    images, target = torch.zeros(10, 1, 2, 2, dtype=torch.uint8), torch.arange(10)
    whole = InMemoryImages(images, target, seed=3, augment=Shift())
    part = InMemoryImages(images, target, torch.tensor([7, 2]), seed=3, augment=Shift())
    draws = whole.__getitems__(range(10))[2]
    assert draws.shape == (10, 2)
    assert 0 <= draws.min() < draws.max() < 1
    assert torch.equal(part.__getitems__([0, 1])[2], draws[[7, 2]])
    part.epoch = 1
    assert not torch.equal(part.__getitems__([0, 1])[2], draws[[7, 2]])
    part.epoch = 0
    assert torch.equal(part.__getitems__([1])[2], draws[[2]])


def test_without_an_augmentation_a_batch_is_a_pair():
    part = InMemoryImages(torch.zeros(4, 1, 2, 2, dtype=torch.uint8), torch.arange(4))
    assert len(part.__getitems__([0, 1])) == len(part[0]) == 2
