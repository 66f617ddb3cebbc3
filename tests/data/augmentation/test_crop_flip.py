"""Shifts and mirror images: torchvision's own pad, crop and flip as the reference."""

import pytest
import torch
from torchvision.transforms.v2 import functional

from icv_lightning.data.augmentation import CropFlip


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (40, 3, 9, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("edge", [False, True])
def test_a_batch_is_what_pad_crop_and_flip_give_for_each_image(images: torch.Tensor, edge: bool) -> None:
    draws = torch.rand(len(images), 3, generator=torch.Generator().manual_seed(1))
    found = CropFlip(padding=2, edge=edge)(images, draws)
    for image, (right, down, mirrored), one in zip(images, draws.tolist(), found, strict=True):
        padded = functional.pad(image[None], [2, 2], padding_mode="edge" if edge else "constant")[0]
        top, left = int(5 * down), int(5 * right)
        expected = padded[:, top : top + 9, left : left + 7]
        expected = expected.flip(-1) if mirrored < 0.5 else expected
        assert torch.equal(one, expected)


def test_all_shifts_and_both_sides_come_about_equally_often() -> None:
    image = torch.zeros(1, 1, 5, 5, dtype=torch.uint8)
    image[..., 2, 1] = 1
    draws = torch.rand(8000, 3, generator=torch.Generator().manual_seed(0))
    found = CropFlip(padding=1)(image.expand(8000, 1, 5, 5), draws).flatten(1).argmax(1)
    counts = found.bincount(minlength=25).view(5, 5)[1:4]
    expected = 8000 / 3 * torch.tensor([1, 1, 2, 1, 1]) / 6  # columns 0 to 2, mirrored 2 to 4
    assert torch.all((counts - expected).abs() < 5 * expected.sqrt())


def test_without_flip_and_padding_nothing_changes(images: torch.Tensor) -> None:
    assert torch.equal(CropFlip(0, flip=False)(images, torch.rand(len(images), 3)), images)


def test_a_negative_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="padding must not be negative, got -1"):
        CropFlip(-1)
