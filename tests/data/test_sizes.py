"""Whether parts can be cut, from numbers alone."""

import pytest

from icv_lightning.data.sizes import (
    check_batch_size,
    check_per_class,
    check_sizes,
    check_val_size,
    class_count,
    folder_images,
    image_count,
    look_again,
    omniglot_images,
)
from icv_lightning.errors import UserError
from tests.data.picture_folders import put

DATA = {"name": "made", "num_classes": 4, "batch_size": 8}


def test_counts_of_the_classes_that_are_kept():
    assert (class_count(None, 10), class_count([3, 9], 10)) == (10, 2)
    assert (image_count(None, [5, 6, 7]), image_count([0, 2], [5, 6, 7])) == (18, 12)
    assert omniglot_images(136, 5) == 136 * 15
    with pytest.raises(UserError, match=r"data.classes=\[1, 10\]: has \[10\], must be from 0 to 9"):
        class_count([1, 10], 10)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: check_batch_size(5, 3), "data.batch_size=5: must be at least 6, two images for each of 3"),
        (lambda: check_val_size(3, 4, "made", 40), "data.val_size=3: must be 0 or from 4 to 32 for made"),
        (lambda: check_val_size(33, 4, "made", 40), "data.val_size=33: must be 0 or from 4 to 32 for made"),
        (lambda: check_val_size(3, 4, "made", None), "data.val_size=3: must be 0 or from 4 for made"),
        (lambda: check_per_class(3, 8, 4), "data.per_class=3: must divide data.batch_size=8 into at least 2"),
        (lambda: check_per_class(8, 8, 4), "data.per_class=8: must divide"),
        (lambda: check_per_class(1, 8, 4), "data.per_class=1: must divide .* at most 4 classes"),
    ],
)
def test_sizes_that_cannot_be(check, message):
    with pytest.raises(UserError, match=message):
        check()


def test_sizes_at_the_bounds():
    check_batch_size(6, 3)
    check_val_size(4, 4, "made", 40)
    check_val_size(32, 4, "made", 40)
    check_per_class(4, 8, 4)
    check_per_class(2, 8, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"about": {"classes": 10}}, r"data.num_classes=4: must be 10; data.classes=\[…\] keeps fewer"),
        ({"about": {"classes": 10}, "classes": [1, 2]}, "data.num_classes=4: must be 2"),
        ({"about": {"validation": True}, "val_size": 8, "root": "x"}, "x has a validation part of its own"),
        ({"train_size": 3}, "data.train_size=3: must be null or at least 4, an image a class"),
        ({"monitor_size": 3}, "data.monitor_size=3: must be at least 4, an image a class"),
    ],
)
def test_settings_that_cannot_be(changes, message):
    check_sizes(DATA)
    with pytest.raises(UserError, match=message):
        check_sizes(DATA | changes)


def test_a_class_may_be_absent_from_what_is_watched_where_the_data_set_says_so():
    check_sizes(DATA | {"monitor_size": 3, "about": {"whole_classes": False}})


def test_pictures_to_train_on_are_counted_anew_when_asked_to(tmp_path):
    put(tmp_path, *(f"{part}/{name}/{k}.png" for part in ("train", "test") for name in "ab" for k in "123"))
    assert (folder_images(str(tmp_path), None, 0.5), folder_images(str(tmp_path), [1], 0.5)) == (6, 3)
    put(tmp_path, "train/a/4.png")
    assert folder_images(str(tmp_path), None, 0.5) == 6
    look_again()
    assert folder_images(str(tmp_path), None, 0.5) == 7
