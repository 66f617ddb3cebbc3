"""RandAugment (Cubuk et al. 2020), with operations drawn for each image and applied to many at once."""

import math
from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchvision.transforms.v2 import functional

from icv_lightning.errors import check_at_least

BINS = 31  # of a magnitude
SIGNED = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate",
          "brightness", "color", "contrast", "sharpness")  # fmt: skip


def _affine(images: Tensor, shear: list[float], translate: list[int]) -> Tensor:
    center = [0.0, 0.0] if any(shear) else None
    return functional.affine(images, 0.0, translate, 1.0, shear, center=center)


def _degrees(slope: float) -> float:
    return math.degrees(math.atan(slope))


# Each takes images and a strength: a magnitude from 0 to 1, with a sign for those in SIGNED.
OPERATIONS: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "identity": lambda x, m: x,
    "shear_x": lambda x, m: _affine(x, [_degrees(0.3 * m), 0.0], [0, 0]),
    "shear_y": lambda x, m: _affine(x, [0.0, _degrees(0.3 * m)], [0, 0]),
    "translate_x": lambda x, m: _affine(x, [0.0, 0.0], [int(150 / 331 * x.shape[3] * m), 0]),
    "translate_y": lambda x, m: _affine(x, [0.0, 0.0], [0, int(150 / 331 * x.shape[2] * m)]),
    "rotate": lambda x, m: functional.rotate(x, 30.0 * m),
    "brightness": lambda x, m: functional.adjust_brightness(x, 1 + 0.9 * m),
    "color": lambda x, m: functional.adjust_saturation(x, 1 + 0.9 * m),
    "contrast": lambda x, m: functional.adjust_contrast(x, 1 + 0.9 * m),
    "sharpness": lambda x, m: functional.adjust_sharpness(x, 1 + 0.9 * m),
    "posterize": lambda x, m: functional.posterize(x, 8 - round(4 * m)),
    "solarize": lambda x, m: functional.solarize(x, 255 * (1 - m)),
    "autocontrast": lambda x, m: functional.autocontrast(x),
    "equalize": lambda x, m: functional.equalize(x),
}


class RandAugment:
    """Apply `num_ops` operations, drawn for each image, at one strength; torchvision's operations.

    Images that drew the same operation (and sign) are changed together.

    Args:
        num_ops: operations in turn, at least 1.
        magnitude: strength of all of them, 0 to 30.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(self, num_ops: int = 2, magnitude: int = 9) -> None:
        check_at_least(1, num_ops=num_ops)
        if not 0 <= magnitude < BINS:
            raise ValueError(f"magnitude must be from 0 to {BINS - 1}, got {magnitude}")
        self.num_ops, self.strength, self.draws = num_ops, magnitude / (BINS - 1), 2 * num_ops

    def __call__(
        self, images: UInt8[Tensor, "batch channel height width"], draws: Float[Tensor, "batch draw"]
    ) -> UInt8[Tensor, "batch channel height width"]:
        """Return the changed images, as many and as large."""
        names = list(OPERATIONS)
        drawn = (draws * torch.tensor([len(names), 2] * self.num_ops)).long()
        for chosen, signs in torch.split(drawn.T, 2):
            changed = images.clone()
            for k, name in enumerate(names):
                for sign in (0, 1) if name in SIGNED else (-1,):
                    taken = (chosen == k) & ((signs == sign) | (sign < 0))
                    rows = taken.nonzero()[:, 0].to(images.device, non_blocking=True)
                    if len(rows):
                        strength = -self.strength if sign == 1 else self.strength
                        changed[rows] = OPERATIONS[name](images[rows], strength)
            images = changed
        return images
