"""What the tests of the audit share: small embeddings of four classes."""

import numpy as np
import pytest


@pytest.fixture
def blobs():
    """Return 160 embeddings (4-d) of 4 classes that overlap a little, and their names."""
    rng = np.random.default_rng(0)
    target = np.arange(160) % 4
    embeddings = rng.normal(size=(160, 4)) + 4 * np.eye(4)[target]
    return embeddings, np.array(["ant", "bee", "cat", "dog"])[target]
