"""Parts, loaders and pixel statistics of every data module, on made-up images that carry their position."""

import pytest
import torch

from icv_lightning.data import ImageDataModule
from icv_lightning.data.augmentation import Affine, CropFlip, InTurn, RandAugment
from icv_lightning.errors import UserError
from tests.data.test_recorded import Noisy

SIZES = (40, 30, 20, 11)  # images of each class, 101 in all


class Made(ImageDataModule):
    """101 + 23 images of 2x2 in 4 classes; the first pixel is the position in its part."""

    loads = 0

    def load(self):
        self.loads += 1
        target = torch.cat([torch.full((n,), k) for k, n in enumerate(SIZES)])
        images = torch.zeros(101, 1, 2, 2, dtype=torch.uint8)
        images[:, 0, 0, 0] = torch.arange(101)
        images[:, 0, 1, 1] = 255  # no picture of the test part has this
        test = torch.zeros(23, 1, 2, 2, dtype=torch.uint8)
        test[:, 0, 0, 0] = torch.arange(23)
        return (images, target), (test, torch.arange(23) % 4)


def made(kind: type[ImageDataModule] = Made, **options) -> ImageDataModule:
    data = kind(**{"name": "made", "num_classes": 4, "channels": 1, "image_size": 2} | options)
    data.setup()
    return data


def noise(image: torch.Tensor) -> torch.Tensor:
    return image + torch.randint(200, image.shape, dtype=torch.uint8)


def epoch_of(data: ImageDataModule, epoch: int = 0) -> list[list[int]]:
    """First pixels of an epoch's training batches, the epoch announced as the trainer does."""
    loader = data.train_dataloader()
    loader.batch_sampler.sampler.set_epoch(epoch)
    return [images[:, 0, 0, 0].tolist() for images, _ in loader]


def flat(batches: list[list[int]]) -> list[int]:
    return [p for batch in batches for p in batch]


def positions(loader) -> list[int]:
    return [p for images, _ in loader for p in images[:, 0, 0, 0].tolist()]


def test_batches_are_uint8_images_and_int64_target():
    data = made(batch_size=20)
    for loader in (data.train_dataloader(), *data.val_dataloader(), *data.test_dataloader()):
        images, target = next(iter(loader))
        assert (images.dtype, target.dtype) == (torch.uint8, torch.int64)
        assert images.shape[1:] == (1, 2, 2)


def test_without_validation_all_of_train_trains_and_test_is_watched():
    data = made()
    assert positions(data.train_dataloader()) != list(range(101))
    assert sorted(positions(data.train_dataloader())) == list(range(101))
    monitor, watched = data.val_dataloader()
    assert positions(monitor) == list(range(101))
    assert positions(watched) == list(range(23))
    assert all(images[:, 0, 1, 1].eq(0).all() for images, _ in watched)


def test_validation_is_cut_from_train_alone_class_by_class():
    data = made(val_size=20)
    train, val = set(data.train_part.index.tolist()), set(data.val_part.index.tolist())
    assert train | val == set(range(101))
    assert not train & val
    assert data.val_part.target.bincount().tolist() == [8, 6, 4, 2]
    assert sorted(positions(data.train_dataloader())) == sorted(train)
    _, watched = data.val_dataloader()
    assert positions(watched) == sorted(val)
    whole, test = data.test_dataloader()
    assert positions(whole) == sorted(train)
    assert positions(test) == list(range(23))


def test_a_smaller_train_is_cut_class_by_class_and_avoids_validation():
    data = made(val_size=20, train_size=40)
    train, val = set(data.train_part.index.tolist()), set(data.val_part.index.tolist())
    assert len(train) == 40
    assert not train & val
    assert data.train_part.target.bincount().tolist() == [16, 12, 8, 4]
    assert sorted(positions(data.train_dataloader())) == sorted(train)
    assert train != set(made(val_size=20, train_size=40, seed=1).train_part.index.tolist())
    assert val == set(made(val_size=20).val_part.index.tolist())


@pytest.mark.parametrize("size", [81, 5000])
def test_a_train_size_of_all_or_more_is_all(size):
    assert len(made(val_size=20, train_size=size).train_part) == 81


def test_validation_follows_the_seed():
    first, again, other = (made(val_size=20, seed=seed).val_part.index for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_monitored_part_is_stratified_and_independent_of_the_seed():
    first, other = (made(monitor_size=20, seed=seed).monitor_part for seed in (0, 1))
    assert torch.equal(first.index, other.index)
    assert first.target.bincount().tolist() == [8, 6, 4, 2]


@pytest.mark.parametrize("size", [20, 5000])
def test_the_monitored_part_avoids_validation(size):
    data = made(monitor_size=size, val_size=20)
    assert not set(data.monitor_part.index.tolist()) & set(data.val_part.index.tolist())


@pytest.mark.parametrize("size", [101, 5000])
def test_the_monitored_part_is_all_of_a_smaller_train(size):
    assert len(made(monitor_size=size).monitor_part) == 101


def test_order_of_batches_depends_on_seed_and_epoch_alone():
    torch.manual_seed(5)
    first = epoch_of(made(batch_size=30, seed=3), epoch=2)
    torch.manual_seed(6)
    assert epoch_of(made(batch_size=30, seed=3, monitor_size=20), epoch=2) == first
    assert epoch_of(made(batch_size=30, seed=3), epoch=1) != first
    assert epoch_of(made(batch_size=30, seed=4), epoch=2) != first
    assert flat(epoch_of(made(batch_size=7, seed=3), epoch=2)) == flat(first)


@pytest.mark.parametrize(("batch_size", "sizes"), [(25, [25] * 4), (50, [50, 50]), (40, [40, 40, 21])])
def test_only_a_last_batch_of_one_is_dropped(batch_size, sizes):
    assert [len(batch) for batch in epoch_of(made(batch_size=batch_size))] == sizes


def test_evaluation_sees_every_image_in_any_batch_size():
    data = made(batch_size=25, eval_batch_size=25)
    assert [len(positions(loader)) for loader in data.val_dataloader()] == [101, 23]


def test_a_transform_is_for_training_alone():
    data = made(transform=noise)
    plain = made()
    assert sorted(positions(data.train_dataloader())) != list(range(101))
    for loader, other in zip(
        (*data.val_dataloader(), *data.test_dataloader()),
        (*plain.val_dataloader(), *plain.test_dataloader()),
        strict=True,
    ):
        assert positions(loader) == positions(other)
    assert torch.equal(data.pixel_statistics()[0], plain.pixel_statistics()[0])


def test_a_transform_draws_alike_whatever_the_batch_size_and_number_of_workers():
    first = flat(epoch_of(made(transform=noise, batch_size=30), epoch=1))
    assert flat(epoch_of(made(transform=noise, batch_size=9, num_workers=2), epoch=1)) == first
    assert flat(epoch_of(made(transform=noise, batch_size=30), epoch=2)) != first
    assert flat(epoch_of(made(transform=noise, batch_size=30, seed=1), epoch=1)) != first


@pytest.mark.parametrize("augment", [CropFlip(1), Affine(), InTurn([CropFlip(1), RandAugment(1)])])
def test_augmented_pictures_are_equal_whatever_the_batches_and_workers(augment):
    """As a trainer calls it: the loader, the transfer to the device, then the augmentation there."""

    def pictures(epoch, **options):
        data = made(Noisy, channels=3, image_size=5, augment=augment, **options)
        loader = data.train_dataloader()
        loader.batch_sampler.sampler.set_epoch(epoch)
        device = torch.device("cpu")
        batches = [
            data.on_after_batch_transfer(data.transfer_batch_to_device(batch, device, 0), 0)
            for batch in loader
        ]
        images, target = (torch.cat(parts) for parts in zip(*batches, strict=True))
        assert images.dtype == torch.uint8
        assert len(images) == len(target) == 30
        return images

    first = pictures(1, batch_size=30)
    assert torch.equal(pictures(1, batch_size=9, num_workers=2), first)
    assert not torch.equal(pictures(2, batch_size=30), first)
    assert not torch.equal(pictures(1, batch_size=30, seed=1), first)


def test_evaluation_is_never_augmented():
    data = made(augment=CropFlip(1))
    for loader in (*data.val_dataloader(), *data.test_dataloader()):
        assert all(len(batch) == 2 and data.on_after_batch_transfer(batch, 0) is batch for batch in loader)


def test_balanced_sampling_shows_each_class_equally_often():
    data = made(sampling="balanced", batch_size=101)
    counts = torch.cat([target for _, target in data.train_dataloader()]).bincount()
    assert sorted(counts.tolist()) == [25, 25, 25, 26]


def test_setup_loads_once():
    data = made()
    data.setup("fit")
    data.setup("test")
    assert data.loads == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"val_size": -1}, "val_size must not be negative, got -1"),
        ({"monitor_size": -1}, "monitor_size must not be negative, got -1"),
        ({"num_workers": -1}, "num_workers must not be negative, got -1"),
        (
            {"sampling": "even"},
            "sampling must be shuffle or balanced, and shuffle with",
        ),
        ({"sampling": "balanced", "per_class": 2}, "sampling must be shuffle or balanced, and shuffle with"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)


@pytest.mark.parametrize("size", [1, 3, 94, 101])
def test_a_validation_part_that_cannot_be_cut(size):
    with pytest.raises(UserError, match=rf"data.val_size={size}: must be 0 or from 4 to 93 for made"):
        made(val_size=size)


@pytest.mark.parametrize("size", [0, 3, 98, 100])
def test_a_monitored_part_that_cannot_be_cut(size):
    with pytest.raises(
        UserError, match=rf"data.monitor_size={size}: cannot be cut from the 101 images of made"
    ):
        made(monitor_size=size)


class Lonely(ImageDataModule):
    def load(self):
        images, target = torch.zeros(9, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 2])
        return (images, target), (images, target)


@pytest.mark.parametrize(("key", "size"), [("monitor_size", 5), ("val_size", 3)])
def test_a_class_of_one_image_cannot_be_cut_class_by_class(key, size):
    with pytest.raises(UserError, match=rf"data.{key}={size}: cannot be cut from the 9 images of made"):
        made(Lonely, num_classes=3, **{key: size})


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize(
    ("classes", "found"), [([0, 4], r"\[0, 4\]"), ([-1, 0], r"\[-1, 0\]"), ([], r"\[\]")]
)
def test_data_of_other_classes_than_announced(part, classes, found):
    def load(self):
        good, bad = torch.arange(4), torch.tensor(classes, dtype=torch.long)
        target = (bad, good) if part == "train" else (good, bad)
        return tuple((torch.zeros(len(y), 1, 2, 2, dtype=torch.uint8), y) for y in target)

    expected = rf"data=made: the {part} part must have classes 0 to 3 \(data.num_classes=4\), found {found}"
    with pytest.raises(UserError, match=expected):
        made(type("Bad", (ImageDataModule,), {"load": load}))


def test_the_trainer_announces_the_epoch(digits_run):
    run = digits_run(epochs=2, every=1, val_size=0)
    sampler = run.data.train_dataloader().batch_sampler.sampler
    for epoch, seen in enumerate(run.watch.targets):
        sampler.set_epoch(epoch)
        assert seen == run.data.train_part.target[list(sampler)].tolist()


def test_some_classes_are_kept_in_both_parts_and_numbered_anew():
    data = made(num_classes=2, classes=[3, 1], batch_size=50)
    assert data.train_part.index.tolist() == [*range(40, 70), *range(90, 101)]  # positions of the whole part
    assert data.train_part.target.tolist() == [1] * 30 + [0] * 11
    assert sorted(flat(epoch_of(data))) == data.train_part.index.tolist()
    assert data.test_part.index.tolist() == [k for k in range(23) if k % 2]
    assert data.test_part.target.tolist() == [1 - k // 2 % 2 for k in range(1, 23, 2)]
    assert data.class_names == ["3", "1"]
    images, target = data.unseen().__getitems__([0, 1, 2])
    assert images[:, 0, 0, 0].tolist() == [0, 2, 4]
    assert target.tolist() == [0, 2, 0]
    assert data.unseen().target.bincount(minlength=4).tolist() == [6, 0, 6, 0]


def test_without_a_choice_no_class_is_unseen():
    assert len(made().unseen()) == 0


def test_parts_of_chosen_classes_are_cut_from_these_alone():
    data = made(num_classes=2, classes=[0, 1], val_size=7, train_size=21, monitor_size=14, batch_size=8)
    sizes = [part.target.bincount().tolist() for part in (data.val_part, data.train_part, data.monitor_part)]
    assert sizes == [[4, 3], [12, 9], [8, 6]]
    assert not set(data.val_part.index.tolist()) & set(data.train_part.index.tolist())
    assert max(data.train_part.index.tolist()) < 70


def test_all_classes_in_their_order_change_nothing():
    same, data = made(), made(classes=[0, 1, 2, 3])
    assert epoch_of(same) == epoch_of(data)
    assert torch.equal(same.train_part.target, data.train_part.target)


@pytest.mark.parametrize("classes", [[0, 0], [0, 1, 2]])
def test_classes_that_are_not_so_many_different_numbers(classes):
    with pytest.raises(
        ValueError, match=rf"classes must be num_classes=2 different numbers, got \[{classes[0]}"
    ):
        made(num_classes=2, classes=classes)


def test_classes_that_the_data_lacks():
    with pytest.raises(UserError, match=r"data.classes=\[1, 4\]: the train part of made has no \[4\]"):
        made(num_classes=2, classes=[1, 4])
