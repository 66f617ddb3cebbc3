"""Building blocks in the paper's notation (section 3.1): convolution and full connection.

`br` is batch normalisation and ReLU, `r` ReLU alone.
"""

from collections.abc import Sequence

from torch import nn


def conv(side: int, in_channels: int, channels: int, batch_norm: bool) -> list[nn.Module]:
    """Return a convolution of `side` x `side`, zero-padded to keep the size, then `br` or `r`."""
    layer = nn.Conv2d(in_channels, channels, kernel_size=side, padding=side // 2, bias=not batch_norm)
    return [layer, *([nn.BatchNorm2d(channels)] if batch_norm else []), nn.ReLU()]


def full(in_features: int, features: int, batch_norm: bool) -> list[nn.Module]:
    """Return a full connection, then `br` or `r`."""
    layer = nn.Linear(in_features, features, bias=not batch_norm)
    return [layer, *([nn.BatchNorm1d(features)] if batch_norm else []), nn.ReLU()]


def pooled_side(image_size: int, widths: Sequence[int]) -> int:
    """Return the side of an image after one 2x2 pooling a width.

    Raises:
        ValueError: no widths or one below 1, or an image too small for the poolings.
    """
    if not widths or min(widths) < 1:
        raise ValueError(f"widths must be one or more positive numbers, got {list(widths)}")
    if image_size < 2 ** len(widths):
        raise ValueError(
            f"image_size must be at least {2 ** len(widths)} for widths {list(widths)}, got {image_size}"
        )
    return image_size // 2 ** len(widths)


def check_dropout(dropout: float) -> None:
    """Raise `ValueError` for a share of dropped features that is not in [0, 1)."""
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), got {dropout}")
