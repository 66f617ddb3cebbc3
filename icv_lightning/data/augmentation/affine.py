"""Random rotation, scaling and shift: for handwriting and other pictures that have no mirror image."""

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


class Affine:
    """Turn, scale and shift each image, with bilinear interpolation; the ground beyond the edge is black.

    Args:
        degrees: the largest rotation, both ways.
        scale: the largest change of size, as a share, both ways, below 1.
        shift: the largest shift, as a share of height and width, both ways.

    Raises:
        ValueError: a negative number, or `scale` of 1 or more.
    """

    draws = 4

    def __init__(self, degrees: float = 10.0, scale: float = 0.1, shift: float = 0.07) -> None:
        if min(degrees, scale, shift) < 0 or scale >= 1:
            raise ValueError(
                "degrees, scale and shift must not be negative, scale below 1, "
                f"got {degrees}, {scale} and {shift}"
            )
        self.degrees, self.scale, self.shift = degrees, scale, shift

    def __call__(
        self, images: UInt8[Tensor, "batch channel height width"], draws: Float[Tensor, "batch draw"]
    ) -> UInt8[Tensor, "batch channel height width"]:
        """Return the changed images, as many and as large, rounded to grey levels."""
        theta = self.matrices(draws, images.shape[3] / images.shape[2]).to(images.device, non_blocking=True)
        grid = affine_grid(theta, list(images.shape), align_corners=False)
        return grid_sample(images.float(), grid, align_corners=False).round().to(torch.uint8)

    def matrices(self, draws: Float[Tensor, "batch draw"], aspect: float = 1.0) -> Float[Tensor, "batch 2 3"]:
        """Return what `torch.nn.functional.affine_grid` takes: where each pixel of the result comes from.

        Args:
            draws: uniform in [0, 1): rotation, size, shift along x and along y.
            aspect: width over height, so that a rotation shears no oblong image.
        """
        signed = 2 * draws - 1
        angle = signed[:, 0] * math.radians(self.degrees)
        size = 1 + signed[:, 1] * self.scale
        cos, sin = angle.cos() / size, angle.sin() / size
        shift = 2 * self.shift * signed[:, 2:]  # the grid is two wide
        top = torch.stack([cos, -sin / aspect, shift[:, 0]], dim=1)
        bottom = torch.stack([sin * aspect, cos, shift[:, 1]], dim=1)
        return torch.stack([top, bottom], dim=1)
