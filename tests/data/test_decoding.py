"""Pictures decoded whole, in part, at once and on demand; all made here."""

from functools import partial

import numpy as np
import torch
from PIL import Image

from icv_lightning.data.decoding import LazyImages, decode_all
from icv_lightning.data.picture import PictureInput, read_picture


def test_on_demand_is_as_at_once(tmp_path):
    rng = np.random.default_rng(0)
    files = [tmp_path / f"{i}.png" for i in range(5)]
    for path in files:
        Image.fromarray(rng.integers(256, size=(9, 7, 3), dtype=np.uint8)).save(path)
    decode = partial(read_picture, taken=PictureInput(3, 6, 5, crop=0.9))
    lazy = LazyImages(files, decode)
    whole, unreadable = decode_all(files, decode, (3, 6, 5))
    assert unreadable == {}
    assert len(lazy) == 5
    assert whole.dtype == torch.uint8
    index = torch.tensor([3, 0, 0])
    assert torch.equal(lazy[index], whole[index])
