"""Made-up identities: the same each time, different from each other, variants of a pattern."""

import pytest
import torch

from icv_lightning.data import SyntheticIdentitiesDataModule


def made(classes: int = 12, **options) -> SyntheticIdentitiesDataModule:
    basic = {"name": "synthetic_identities", "num_classes": classes, "channels": 1, "image_size": 16}
    data = SyntheticIdentitiesDataModule(**basic | {"unseen_classes": 5, "batch_size": 4} | options)
    data.setup()
    return data


def test_sizes():
    data = made(channels=3, images_per_class=4, test_images_per_class=1)
    assert data.train_part.images.shape == (48, 3, 16, 16)
    assert data.train_part.images.dtype == torch.uint8
    assert data.train_part.target.bincount().tolist() == [4] * 12
    assert data.test_part.target.tolist() == list(range(12))
    assert data.unseen().target.bincount().tolist() == [4] * 5


def test_the_same_for_every_seed_of_a_run():
    assert torch.equal(made(seed=0).train_part.images, made(seed=1).train_part.images)


def test_no_picture_stands_twice():
    data = made()
    images = torch.cat([data.train_part.images, data.test_part.images, data.unseen().images])
    assert len(images.unique(dim=0)) == 12 * 10 + 5 * 8


def test_pictures_of_an_identity_are_alike_and_others_are_not():
    # Without shifts, the one thing that pixels do not stand, every picture's nearest is of its own identity.
    data = made(40, image_size=7, grid=5, noise=1.0)
    pixels, target = data.train_part.images.flatten(1).float(), data.train_part.target
    pixels = torch.nn.functional.normalize(pixels - pixels.mean(1, keepdim=True))
    nearest = (pixels @ pixels.T).fill_diagonal_(-1).argmax(1)
    assert (target[nearest] == target).double().mean() > 0.99


def test_unseen_identities_are_none_of_those_trained_on():
    # Identity 12 of a larger set is the first unseen one of the smaller: patterns go on, they do not repeat.
    few, more = made(12)._patterns(torch.arange(12, 17)), made(17)._patterns(torch.arange(17))
    assert torch.equal(few, more[12:])
    assert len(more.unique(dim=0)) == 17


def test_without_unseen_identities():
    assert len(made(unseen_classes=0).unseen()) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images_per_class": 0}, "images_per_class must be at least 1, got 0"),
        ({"test_images_per_class": 0}, "test_images_per_class must be at least 1, got 0"),
        ({"unseen_classes": -1}, "unseen_classes must not be negative, got -1"),
        ({"noise": -0.5}, "noise must not be negative, got -0.5"),
        ({"grid": 1}, "grid must be from 2 to image_size=16, got 1"),
        ({"grid": 17}, "grid must be from 2 to image_size=16, got 17"),
    ],
)
def test_refused_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)
