"""One picture, brought to what a network takes."""

import numpy as np
import pytest
from PIL import Image

from icv_lightning.data.picture import PictureInput, central, read_picture
from icv_lightning.errors import UserError


def test_the_central_part_by_hand():
    assert central(92, 112, aspect=1, crop=1) == (0, 10, 92, 102)
    assert central(250, 250, aspect=96 / 112, crop=1) == pytest.approx((125 - 750 / 7, 0, 125 + 750 / 7, 250))
    assert central(250, 250, aspect=1, crop=0.6) == pytest.approx((50, 50, 200, 200))


def test_the_border_is_cut_off_or_squeezed_in(tmp_path):
    grey = np.full((8, 4), 200, dtype=np.uint8)
    grey[:2] = grey[-2:] = 0
    Image.fromarray(grey).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", PictureInput(1, 4, 4, crop=1)).unique().tolist() == [200]
    assert read_picture(tmp_path / "a.png", PictureInput(1, 4, 4)).min() < 100
    assert read_picture(tmp_path / "a.png", PictureInput(3, 6, 2, crop=0.5)).shape == (3, 6, 2)


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_text("no")
    with pytest.raises(UserError, match=r"a.png: unreadable picture"):
        read_picture(tmp_path / "a.png", PictureInput(1, 4, 4))
