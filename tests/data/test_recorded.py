"""What a run keeps of its data set: constants, usual looks, and a digest of images that no file tells."""

import numpy as np
import torch

from icv_lightning.data import DigitsDataModule, ImageDataModule


class Noisy(ImageDataModule):
    """Thirty images of two classes, the second channel dark, the third of one grey."""

    def load(self):
        generator = torch.Generator().manual_seed(0)
        images = torch.randint(256, (30, 3, 5, 5), dtype=torch.uint8, generator=generator)
        images[:, 1] //= 4
        images[:, 2] = 9
        return (images, torch.arange(30) % 2), (images, torch.arange(30) % 2)


def noisy(**options) -> ImageDataModule:
    data = Noisy("noisy", 2, channels=3, image_size=5, **options)
    data.setup()
    return data


def test_pixel_statistics_are_those_of_the_training_part():
    data = noisy(val_size=10)
    pixels = data.train_part.images.numpy()[data.train_part.index.numpy()].astype(np.float64)
    mean, std = data.pixel_statistics()
    np.testing.assert_allclose(mean, pixels.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(std, pixels.std((0, 2, 3)), rtol=1e-6)
    assert std[2] == 0
    assert not torch.equal(mean, noisy().pixel_statistics()[0])


def test_a_data_set_of_one_s_own_has_a_digest_once_it_is_loaded():
    data = Noisy("noisy", 2, channels=3, image_size=5)
    assert data.digest() is None
    data.setup()
    assert data.digest() == noisy(val_size=10, seed=3).digest()  # of what was loaded, however it is cut
    assert data.digest()["files"] == {"train/0": 15, "train/1": 15, "test/0": 15, "test/1": 15}


def test_this_package_s_data_sets_are_as_published():
    data = DigitsDataModule("digits", 10, channels=1, image_size=8)
    data.setup()
    assert data.digest() is None
    assert data.recorded() == {"class_names": [str(k) for k in range(10)]}
    assert data.picture_input == (1, 8, 8, None, False)


def test_usual_looks_are_those_of_the_training_part():
    dark, bright = noisy(classes=[0, 1]).usual_traits, noisy(val_size=10).usual_traits
    assert set(dark) == {"brightness", "border", "colour", "side", "negative"}
    assert dark["side"] == bright["side"] == [5, 5]
    assert dark["brightness"] != bright["brightness"]
