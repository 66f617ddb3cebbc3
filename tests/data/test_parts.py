"""Parts by hand: whether they are as promised, which classes stay, and cuts class by class."""

import pytest
import torch

from icv_lightning.data.parts import check_classes, check_shape, kept_classes, stratified
from icv_lightning.errors import UserError

TARGET = torch.tensor([2, 0, 1, 2, 2, 0])


def test_classes_are_numbered_anew_in_the_order_asked_for():
    numbers, kept = kept_classes(TARGET, [2, 0], "made", "train")
    assert numbers.tolist() == [0, 1, -1, 0, 0, 1]
    assert kept.tolist() == [0, 1, 3, 4, 5]


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(UserError, match=r"data.classes=\[0, 5\]: the test part of made has no \[5\]"):
        kept_classes(TARGET, [0, 5], "made", "test")


@pytest.mark.parametrize(("target", "found"), [([0, 3], r"\[0, 3\]"), ([-1, 0], r"\[-1, 0\]"), ([], r"\[\]")])
def test_other_classes_than_announced(target, found):
    check_classes(TARGET, 3, "made", "train")
    with pytest.raises(UserError, match=rf"the train part must have classes 0 to 2 .*found {found}"):
        check_classes(torch.tensor(target, dtype=torch.int64), 3, "made", "train")


def test_shapes_of_images_in_memory():
    check_shape(torch.zeros(2, 1, 8, 8), (1, 8, 8), "made")
    check_shape(["decoded when it is asked for"], (1, 8, 8), "made")
    with pytest.raises(
        UserError, match=r"data.channels=3 data.image_size=8: .* made are 1 x 8 x 8, channels"
    ):
        check_shape(torch.zeros(2, 1, 8, 8), (3, 8, 8), "made")


def test_a_cut_is_in_proportion_sorted_and_follows_the_seed():
    index, target = torch.arange(10, 40), torch.tensor([0] * 20 + [1] * 10)
    rest, chosen = stratified(index, target, 6, seed=0)
    assert sorted([*rest.tolist(), *chosen.tolist()]) == index.tolist()
    assert (target[chosen - 10].bincount().tolist(), chosen.tolist()) == ([4, 2], sorted(chosen.tolist()))
    assert torch.equal(stratified(index, target, 6, seed=0)[1], chosen)
    assert not torch.equal(stratified(index, target, 6, seed=1)[1], chosen)
