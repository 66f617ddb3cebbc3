"""Random crops of padded images, and mirror images: the usual augmentation of small photographs."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


class CropFlip:
    """Shift each image by up to `padding` pixels both ways, and mirror half of the images.

    The same as padding, `RandomCrop` to the old size and `RandomHorizontalFlip` of torchvision, on a whole
    batch at once: one gather of integers, exact on every device.

    Args:
        padding: the largest shift, in pixels.
        flip: mirror images with probability one half.
        edge: pixels beyond the edge repeat the edge; else they are black.

    Raises:
        ValueError: a negative `padding`.
    """

    draws = 3

    def __init__(self, padding: int = 4, flip: bool = True, edge: bool = False) -> None:
        if padding < 0:
            raise ValueError(f"padding must not be negative, got {padding}")
        self.padding, self.flip, self.edge = padding, flip, edge

    def __call__(
        self, images: UInt8[Tensor, "batch channel height width"], draws: Float[Tensor, "batch draw"]
    ) -> UInt8[Tensor, "batch channel height width"]:
        """Return the shifted images, as many and as large."""
        (batch, channels, height, width), device = images.shape, images.device
        shifts = (draws[:, :2] * (2 * self.padding + 1)).long()
        mirrored = (draws[:, 2] < 0.5) & self.flip
        columns = torch.arange(width)
        columns = torch.where(mirrored[:, None], columns.flip(0), columns) + shifts[:, :1] - self.padding
        rows = torch.arange(height) + shifts[:, 1:] - self.padding
        inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None]
        pixels = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None]
        index = pixels.view(batch, 1, -1).to(device, non_blocking=True).expand(batch, channels, -1)
        moved = images.flatten(2).gather(2, index).view(images.shape)
        return moved if self.edge else moved * inside[:, None].to(device, non_blocking=True)
