"""Pictures and their negatives, whose mean brightness is the same."""

import numpy as np
import pytest
import torch

from icv_lightning.data.negatives import FEATURES, LEAST, features, look_negative, weights


def landscapes(count: int, channels: int = 3, seed: int = 0) -> torch.Tensor:
    """Pictures of a bright sky over ground of a colour, with noise; half of their brightness is above 127."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(60, -60, 16)[:, None] * rng.normal(1, 1, (count, 1, 1, 1))
    colour = rng.normal(0, 10, (count, channels, 1, 1)) + np.array([20, 0, -20])[:channels, None, None]
    pixels = 127.5 + slope + colour + rng.normal(0, 20, (count, channels, 16, 16))
    return torch.from_numpy(pixels.clip(0, 255).round().astype(np.uint8))


def test_a_negative_has_the_opposite_features():
    rng = np.random.default_rng(0)
    pixels = np.stack([rng.permutation(256).reshape(1, 16, 16) for _ in range(5)]).astype(np.uint8)
    images = torch.from_numpy(pixels)
    assert features(images).shape == (5, FEATURES)
    torch.testing.assert_close(features(255 - images), -features(images))


@pytest.mark.parametrize("channels", [1, 3])
def test_negatives_of_most_pictures_are_noticed_and_others_are_not(channels):
    fitted = weights(landscapes(100, channels))
    other = landscapes(100, channels, seed=1)
    assert fitted
    assert not look_negative(other, fitted)
    assert look_negative(255 - other, fitted)
    assert not look_negative(255 - other[: LEAST - 1], fitted)  # too few to say
    assert not look_negative(torch.cat([other[:50], 255 - other[50:]]), fitted)


def test_pictures_that_are_as_often_negative_give_nothing_to_go_by():
    images = landscapes(50)
    assert weights(torch.cat([images, 255 - images])) == []
    assert not look_negative(255 - images, [])


def test_pictures_of_one_colour_are_no_trouble():
    plain = torch.full((30, 1, 1, 1), 90, dtype=torch.uint8)
    assert len(weights(plain)) in (0, FEATURES)
    assert features(plain).isfinite().all()
