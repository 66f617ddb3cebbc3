"""Standardising images inside the network, so that training, prediction and export share its constants."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn


class Standardize(nn.Module):
    """Bring uint8 images to zero mean and unit variance per channel.

    The constants are buffers in units of grey levels (0 to 255), kept in the checkpoint. Until `fit` is
    called they map 0..255 to -1..1.

    Args:
        channels: image channels C.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((channels, 1, 1), 127.5))
        self.register_buffer("std", torch.full((channels, 1, 1), 127.5))

    @torch.no_grad()
    def fit(self, mean: Float[Tensor, " channels"], std: Float[Tensor, " channels"]) -> None:
        """Set the constants, in grey levels; a channel that never varies is left unscaled."""
        self.mean.copy_(mean.view(-1, 1, 1))
        self.std.copy_(torch.where(std > 0, std, 1.0).view(-1, 1, 1))

    def forward(self, images: UInt8[Tensor, "batch channel height width"]) -> Tensor:
        """Return the images as standardised floats of the same shape."""
        return (images - self.mean) / self.std
