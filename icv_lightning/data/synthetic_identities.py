"""Made-up identities, as many as asked for: patterns by a seed, to train thousands of classes."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from icv_lightning.data.datamodule import FIXED_SEED, ImageDataModule
from icv_lightning.data.images import InMemoryImages, seed_of
from icv_lightning.data.parts import Part
from icv_lightning.errors import UserError, check_at_least

BLOCK = 10_000  # pictures made at once


class SyntheticIdentitiesDataModule(ImageDataModule):
    """Smooth random patterns, one an identity; pictures of it are shifted, lit and noisy variants.

    No face and nobody's picture: it shows that thousands of classes train, and nothing about faces. An
    identity's pattern is a grid of normal numbers, enlarged. The same pictures for every seed of a run.

    Args:
        images_per_class: images of each identity in train.
        test_images_per_class: images of each identity in test.
        unseen_classes: further identities, never trained on, that `unseen` gives, with as many pictures as
            an identity has in train.
        grid: side of the pattern's grid; the finer, the more identities can be told apart.
        noise: standard deviation of the noise of a pixel, in grey levels.
        options: those of `ImageDataModule`.

    Raises:
        ValueError: a number of pictures below 1, a negative number or noise, or `grid` outside 2 to
            `image_size`.
    """

    def __init__(
        self,
        images_per_class: int = 8,
        test_images_per_class: int = 2,
        unseen_classes: int = 200,
        grid: int = 6,
        noise: float = 20.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        check_at_least(1, images_per_class=images_per_class, test_images_per_class=test_images_per_class)
        if unseen_classes < 0:
            raise ValueError(f"unseen_classes must not be negative, got {unseen_classes}")
        if noise < 0:
            raise ValueError(f"noise must not be negative, got {noise}")
        if not 2 <= grid <= self.image_size:
            raise ValueError(f"grid must be from 2 to image_size={self.image_size}, got {grid}")
        self.images_per_class, self.test_images_per_class = images_per_class, test_images_per_class
        self.unseen_classes, self.grid, self.noise = unseen_classes, grid, noise

    def load(self) -> tuple[Part, Part]:
        """Return train and test part."""
        if self.num_classes < 2:
            raise UserError(f"data.num_classes={self.num_classes}: must be at least 2")
        identities = torch.arange(self.num_classes)
        return (
            self._pictures(identities, self.images_per_class, part=0),
            self._pictures(identities, self.test_images_per_class, part=1),
        )

    def unseen(self) -> InMemoryImages:
        """Return pictures of the identities after those that are trained on, numbered from 0."""
        identities = torch.arange(self.num_classes, self.num_classes + self.unseen_classes)
        images, target = self._pictures(identities, self.images_per_class, part=2)
        return InMemoryImages(images, target - self.num_classes)

    def _pictures(self, identities: Tensor, each: int, part: int) -> Part:
        target = identities.repeat_interleave(each)
        images = torch.empty(len(target), self.channels, self.image_size, self.image_size, dtype=torch.uint8)
        patterns = self._patterns(identities)
        own = torch.arange(len(identities)).repeat_interleave(each)
        generator = torch.Generator().manual_seed(seed_of(FIXED_SEED, part))
        for block in torch.split(torch.arange(len(target)), BLOCK):
            images[block] = self._varied(patterns[own[block]], generator)
        return images, target

    def _patterns(self, identities: Tensor) -> Tensor:
        """Return a grid of normal numbers for each identity; that of one is the same whatever the others."""
        drawn = [
            torch.randn(self.channels, self.grid, self.grid, generator=torch.Generator().manual_seed(seed))
            for seed in (seed_of(FIXED_SEED, 3, k) for k in identities.tolist())
        ]
        return torch.stack(drawn) if drawn else torch.empty(0, self.channels, self.grid, self.grid)

    def _varied(self, patterns: Tensor, generator: torch.Generator) -> Tensor:
        """Enlarge, shift by up to an eighth of the side, light and make noisy."""
        side, most = self.image_size, self.image_size // 8
        large = interpolate(patterns, size=(side + 2 * most,) * 2, mode="bicubic", align_corners=False)
        size = len(patterns)
        down, right = torch.randint(2 * most + 1, (2, size), generator=generator)
        rows, columns = (shift[:, None] + torch.arange(side) for shift in (down, right))
        shifted = large[torch.arange(size)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
        contrast, light = torch.rand(2, size, 1, 1, 1, generator=generator)
        grey = 128 + 40 * (light - 0.5) + (30 + 30 * contrast) * shifted.permute(0, 3, 1, 2)
        noise = self.noise * torch.randn(grey.shape, generator=generator)
        return (grey + noise).round().clamp(0, 255).to(torch.uint8)
