"""The embedded digits."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from icv_lightning.data import DigitsDataModule


def digits(**options) -> DigitsDataModule:
    data = DigitsDataModule(**{"name": "digits", "num_classes": 10, "channels": 1, "image_size": 8} | options)
    data.setup()
    return data


def grey() -> np.ndarray:
    return np.floor(load_digits().images * 255 / 16 + 0.5).astype(np.uint8)


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


def test_split_of_1437_and_360_class_by_class():
    data = digits()
    assert (len(data.train_part), len(data.test_part)) == (1437, 360)
    whole = np.bincount(load_digits().target)
    train, test = data.train_part.target.bincount().numpy(), data.test_part.target.bincount().numpy()
    np.testing.assert_array_equal(train + test, whole)
    np.testing.assert_allclose(test, whole * 360 / 1797, atol=1)


def test_both_parts_together_are_the_data_set_and_share_nothing():
    data = digits()
    train, test = rows(data.train_part.images), rows(data.test_part.images)
    assert train | test == {image.tobytes() for image in grey()}
    assert not train & test  # no two of its pictures are equal


def test_pictures_keep_their_class():
    known = {image.tobytes(): k for image, k in zip(grey(), load_digits().target, strict=True)}
    for part in (digits().train_part, digits().test_part):
        assert [known[image.numpy().tobytes()] for image in part.images] == part.target.tolist()


def test_the_same_every_time_and_for_every_seed():
    first, other = digits(seed=0), digits(seed=1)
    assert torch.equal(first.train_part.images, other.train_part.images)
    assert torch.equal(first.test_part.target, other.test_part.target)
    # pinned: a new version of scikit-learn must not change the split unnoticed
    assert first.test_part.target[:10].tolist() == [1, 5, 9, 4, 6, 8, 6, 2, 9, 5]


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 32)])
def test_resized_to_uint8_with_equal_channels(channels, side):
    images = digits(channels=channels, image_size=side).train_part.images
    assert images.shape == (1437, channels, side, side)
    assert images.dtype == torch.uint8
    assert (images == images[:, :1]).all()
    assert images.max() == 255
