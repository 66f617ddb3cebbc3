"""Building blocks in the paper's notation (section 3.1): convolution and full connection with `br`."""

from torch import nn


def activation(channels: int, batch_norm: bool, spatial: bool) -> list[nn.Module]:
    """Return `br`, batch normalisation and ReLU, or `r` alone."""
    norm = nn.BatchNorm2d if spatial else nn.BatchNorm1d
    return [norm(channels), nn.ReLU()] if batch_norm else [nn.ReLU()]


def conv5(in_channels: int, channels: int, batch_norm: bool) -> list[nn.Module]:
    """Return a 5x5 convolution with zero padding of 2, then `br` or `r`."""
    return _conv(5, in_channels, channels, batch_norm)


def conv3(in_channels: int, channels: int, batch_norm: bool) -> list[nn.Module]:
    """Return a 3x3 convolution with zero padding of 1, then `br` or `r`."""
    return _conv(3, in_channels, channels, batch_norm)


def full(in_features: int, features: int, batch_norm: bool) -> list[nn.Module]:
    """Return a full connection, then `br` or `r`."""
    linear = nn.Linear(in_features, features, bias=not batch_norm)
    return [linear, *activation(features, batch_norm, spatial=False)]


def _conv(side: int, in_channels: int, channels: int, batch_norm: bool) -> list[nn.Module]:
    conv = nn.Conv2d(in_channels, channels, kernel_size=side, padding=side // 2, bias=not batch_norm)
    return [conv, *activation(channels, batch_norm, spatial=True)]
