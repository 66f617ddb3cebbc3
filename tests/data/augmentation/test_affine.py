"""Rotation, scaling and shift: cases that can be done by hand."""

import math

import pytest
import torch

from icv_lightning.data.augmentation import Affine

NONE = [0.5, 0.5, 0.5, 0.5]


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (2, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_draws_in_the_middle_change_nothing(images: torch.Tensor) -> None:
    assert torch.equal(Affine()(images, torch.tensor([NONE] * 2)), images)


def test_a_quarter_turn(images: torch.Tensor) -> None:
    quarter = Affine(degrees=90)(images, torch.tensor([[1.0, *NONE[1:]], [0.0, *NONE[1:]]]))
    assert torch.equal(quarter[0], images[0].rot90(1, (1, 2)))
    assert torch.equal(quarter[1], images[1].rot90(-1, (1, 2)))


def test_a_shift_by_a_quarter_of_the_side(images: torch.Tensor) -> None:
    left, up = Affine(shift=0.25)(images, torch.tensor([[0.5, 0.5, 1.0, 0.5], [0.5, 0.5, 0.5, 1.0]]))
    assert torch.equal(left[..., :6], images[0][..., 2:])
    assert not left[..., 6:].any()
    assert torch.equal(up[:, :6], images[1][:, 2:])


def test_size_and_rotation_of_the_matrix() -> None:
    affine = Affine(degrees=30, scale=0.5, shift=0)
    (found,) = affine.matrices(torch.tensor([[1.0, 1.0, 0.5, 0.5]]))
    cos, sin = math.cos(math.pi / 6) / 1.5, math.sin(math.pi / 6) / 1.5
    assert torch.allclose(found, torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0]]))


def test_an_oblong_image_is_turned_without_shear() -> None:
    """Pixel distances from the centre stay: M = S⁻¹ R S with S the half sides."""
    (found,) = Affine(degrees=20, scale=0).matrices(torch.tensor([[1.0, 0.5, 0.5, 0.5]]), aspect=2.0)
    sides = torch.diag(torch.tensor([2.0, 1.0]))
    turned = sides @ found[:, :2] @ sides.inverse()
    assert torch.allclose(turned @ turned.T, torch.eye(2), atol=1e-6)


@pytest.mark.parametrize("options", [{"degrees": -1}, {"scale": 1.0}, {"shift": -0.1}])
def test_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="degrees, scale and shift must not be negative, scale below 1"):
        Affine(**options)
