"""Training parts in which there is nothing to see."""

import torch

from icv_lightning.data.degenerate import without_content
from icv_lightning.data.images import InMemoryImages

NAMES = ["ant", "bee", "cow"]


def said(images: torch.Tensor) -> str | None:
    target = torch.arange(len(images)) % 3
    return without_content(InMemoryImages(images, target), NAMES)


def varied() -> torch.Tensor:
    return torch.randint(256, (12, 3, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def test_ordinary_pictures():
    assert said(varied()) is None


def test_all_equal():
    images = varied()[:1].expand(12, -1, -1, -1)
    assert said(images) == "all pictures to train on are equal, so that nothing can be learnt; look at them"


def test_all_white_tells_of_the_ground():
    assert "what is transparent shows a white ground" in (said(torch.full((12, 1, 4, 4), 255).byte()) or "")


def test_classes_of_one_colour_each():
    images = varied()
    images[1::3] = images[1::3, :, :1, :1]  # each picture of bee has a colour of its own
    assert said(images) == "every picture of these classes has one colour alone: bee; look at them"


def test_one_picture_that_differs_is_enough():
    images = varied()[:, :, :1, :1].expand(-1, -1, 4, 4).clone()
    for k in range(3):
        images[k, :, 0, 0] += 1
    assert said(images) is None


def test_a_class_is_looked_at_whole(monkeypatch):
    monkeypatch.setattr("icv_lightning.data.degenerate.SAMPLE_SIZE", 3)
    images = torch.zeros(12, 1, 4, 4, dtype=torch.uint8)
    images[0], images[1], images[11] = 1, 2, 3
    images[4:7, :, 0, 0] = 9
    assert said(images) is None
