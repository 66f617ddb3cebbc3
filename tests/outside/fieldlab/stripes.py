"""Pictures of bright stripes: rows, columns or none are three classes."""

from typing import Any

import torch

from icv_lightning.data import ImageDataModule

EACH = 40  # pictures of a class in train, and half as many in test


class StripesDataModule(ImageDataModule):
    """12x12 grey noise, with stripes of a given brightness."""

    def __init__(self, brightness: int, **options: Any) -> None:
        super().__init__(**options)
        self.brightness = brightness

    def load(self) -> tuple[Any, Any]:
        """Return train and test part."""
        return self._part(EACH, 0), self._part(EACH // 2, 1)

    def _part(self, each: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        noise = torch.randint(0, 100, (3 * each, 1, 12, 12), generator=torch.Generator().manual_seed(seed))
        target = torch.arange(3).repeat_interleave(each)
        noise[target == 0, :, ::3] += self.brightness
        noise[target == 1, :, :, ::3] += self.brightness
        return noise.to(torch.uint8), target
