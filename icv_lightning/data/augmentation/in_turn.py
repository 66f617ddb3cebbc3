"""What every augmentation of whole batches is, and several of them one after the other."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


@runtime_checkable
class Augmentation(Protocol):
    """Changes a batch of uint8 images on the device that holds it, with random numbers made beforehand.

    Attributes:
        draws: random numbers that an image needs.
    """

    draws: int

    def __call__(
        self, images: UInt8[Tensor, "batch channel height width"], draws: Float[Tensor, "batch draw"]
    ) -> UInt8[Tensor, "batch channel height width"]:
        """Return the changed images; `draws` are uniform in [0, 1), on the CPU."""


class InTurn:
    """Several augmentations, each with random numbers of its own.

    Args:
        parts: augmentations in the order in which they are applied.
    """

    def __init__(self, parts: Sequence[Augmentation]) -> None:
        self.parts = list(parts)
        self.draws = sum(part.draws for part in self.parts)

    def __call__(
        self, images: UInt8[Tensor, "batch channel height width"], draws: Float[Tensor, "batch draw"]
    ) -> UInt8[Tensor, "batch channel height width"]:
        """Return the changed images."""
        own = torch.split(draws, [part.draws for part in self.parts], dim=1)
        for part, numbers in zip(self.parts, own, strict=True):
            images = part(images, numbers)
        return images
