"""The digest of images in memory, or decoded on demand."""

import pytest
import torch

from icv_lightning.data.contents import contents_digest
from icv_lightning.data.decoding import LazyImages
from icv_lightning.data.digest import changes

NAMES = ["ant", "bee"]
TARGET = torch.tensor([0, 1, 1, 0])
IMAGES = torch.arange(4 * 6, dtype=torch.uint8).reshape(4, 1, 2, 3)


def of(images: object, target: torch.Tensor = TARGET) -> dict:
    return contents_digest({"train": (images, target)}, NAMES)


def test_equal_images_are_the_same_and_are_counted():
    assert of(IMAGES) == of(IMAGES.clone())
    assert of(IMAGES)["files"] == {"train/ant": 2, "train/bee": 2}


@pytest.mark.parametrize(
    ("images", "target"),
    [
        (IMAGES + 1, TARGET),
        (IMAGES.reshape(4, 1, 3, 2), TARGET),
        (IMAGES.flip(0), TARGET),
        (IMAGES, TARGET.flip(0).roll(1)),
        (IMAGES.repeat(2, 1, 1, 1), TARGET.repeat(2)),
    ],
)
def test_each_change_is_noticed(images, target):
    assert changes(of(IMAGES), of(images, target))


def test_images_on_demand_are_looked_at_and_a_class_without_name_is_a_number():
    def lazy(add: int) -> LazyImages:
        return LazyImages("0123", lambda name: IMAGES[int(name)] + add)

    assert of(lazy(0)) == of(IMAGES)
    assert of(lazy(1)) != of(IMAGES)
    assert of(IMAGES, TARGET + 1)["files"] == {"train/bee": 2, "train/2": 2}
