"""What pictures look like, and which look otherwise."""

import pytest
import torch

from icv_lightning.data.traits import read_ranges, traits, unlike, usual


def test_a_trait_is_said_where_most_pictures_lie_far_outside():
    dark = torch.randint(0, 60, (50, 1, 8, 8), dtype=torch.uint8)
    ranges = usual(dark)
    assert unlike(traits(dark[:5]), ranges) == []
    said = unlike(traits(255 - dark[:5]), ranges)
    assert [line.split(" 2")[0] for line in said] == ["mean brightness", "brightness of the border"]
    assert "in training 2" in said[0]
    large = torch.zeros(3, 1, 80, 80, dtype=torch.uint8) + 30
    assert unlike(traits(large), ranges) == ["side of a file's picture in pixels 80, in training 8 to 8"]
    assert unlike(traits(torch.cat([dark[:3], 255 - dark[:2]])), ranges) == []  # most are as usual


@pytest.mark.parametrize(
    "recorded", [None, 3, {"side": [1]}, {"side": ["a", 1]}, {"border": [0, float("nan")]}]
)
def test_nonsense_in_a_checkpoint_is_no_range(recorded):
    assert read_ranges(recorded) == {}
