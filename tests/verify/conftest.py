"""Made persons in the layout of the ORL faces, and a tiny grid trained on them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SETTINGS = (
    "data=orl",
    "model=face_descriptor",
    "model.embedding_dim=8",
    "model.net.stem=2",
    "model.net.widths=[4,4]",
    "model.net.blocks=[0,1]",
    "data.image_size=16",
    "data.transform=null",
    "trainer.max_epochs=1",
    "~callbacks.progress",
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with 40 persons, each a pattern of its own with some noise in 4 pictures."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for k in range(1, 41):
        (root / "orl_faces" / f"s{k}").mkdir(parents=True)
        pattern = rng.integers(40, 216, size=(14, 11))
        for i in range(1, 5):
            noisy = pattern + rng.integers(-20, 20, size=pattern.shape)
            picture = Image.fromarray(noisy.astype(np.uint8)).resize((92, 112))
            picture.save(root / "orl_faces" / f"s{k}" / f"{i}.pgm")
    return root
