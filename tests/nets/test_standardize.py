"""Standardising as the network's first layer, its constants taken from data."""

import numpy as np
import torch

from icv_lightning.data import DigitsDataModule
from icv_lightning.nets import Standardize


def test_unfitted_maps_grey_levels_to_minus_one_to_one():
    images = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    assert Standardize(1)(images).flatten().tolist() == [-1, 1]


def test_by_hand_for_each_channel():
    layer = Standardize(2)
    layer.fit(torch.tensor([10.0, 100.0]), torch.tensor([5.0, 50.0]))
    images = torch.tensor([20, 50], dtype=torch.uint8).view(1, 2, 1, 1)
    assert layer(images).flatten().tolist() == [2, -1]


def test_the_training_part_has_mean_0_and_deviation_1_after_the_fit():
    data = DigitsDataModule("digits", num_classes=10, channels=3, image_size=8)
    data.setup()
    layer = Standardize(3)
    layer.fit(*data.pixel_statistics())
    pixels = layer(data.train_part.images).numpy().astype(np.float64)
    np.testing.assert_allclose(pixels.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(pixels.std((0, 2, 3)), 1, atol=1e-5)


def test_a_channel_that_never_varies_is_only_centred():
    layer = Standardize(1)
    layer.fit(torch.tensor([7.0]), torch.tensor([0.0]))
    assert layer(torch.full((1, 1, 1, 1), 9, dtype=torch.uint8)).item() == 2


def test_constants_are_kept_with_the_weights_but_not_learned():
    layer = Standardize(1)
    layer.fit(torch.tensor([33.0]), torch.tensor([78.0]))
    assert not list(layer.parameters())
    other = Standardize(1)
    other.load_state_dict(layer.state_dict())
    assert (other.mean.item(), other.std.item()) == (33, 78)
