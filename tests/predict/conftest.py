"""Pictures to predict."""

from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.data import DigitsDataModule


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty test images of digits."""
    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    data.setup()
    folder = tmp_path_factory.mktemp("digits")
    for position, image in enumerate(data.test_part.images[:20]):
        Image.fromarray(image[0].numpy()).save(folder / f"{position:02}.png")
    return folder
