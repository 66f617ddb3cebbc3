"""Whether pictures look like the negatives of others: dark for bright, and colours for their complements.

Photographs and their negatives have the same range of brightness, but not the same sky, shadows and skin.
Nine numbers that change their sign with a picture's negative are weighted so that they tell the pictures
trained on from their negatives (a linear discriminant through the origin).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

FEATURES = 9
RIDGE = 0.01  # of each feature's mean square
TOLD_APART = 0.7  # of the pictures trained on, from their negatives; with fewer there is nothing to go by
ALIKE = 2 / 3  # of the pictures, that look like negatives
LEAST = 20  # pictures that are asked


def weights(images: UInt8[Tensor, "picture channel height width"]) -> list[float]:
    """Return weights of the features that are positive in sum for pictures like these; empty without any."""
    found = features(images)
    moments = found.T @ found / len(found)
    moments += torch.diag(RIDGE * moments.diagonal() + 1e-9)
    fitted = torch.linalg.solve(moments, found.mean(0))
    told = (found @ fitted > 0).double().mean()
    return fitted.tolist() if told > TOLD_APART else []


def look_negative(images: UInt8[Tensor, "picture channel height width"], fitted: Sequence[float]) -> bool:
    """Tell whether most of these pictures, 20 or more, are more like negatives of those trained on.

    Args:
        images: as they are brought to a network.
        fitted: `weights` of the pictures trained on.
    """
    if len(images) < LEAST or len(fitted) != FEATURES:
        return False
    scores = features(images) @ torch.tensor(fitted, dtype=torch.float64)
    return bool((scores < 0).double().mean() > ALIKE)


def features(images: UInt8[Tensor, "picture channel height width"]) -> Float[Tensor, "picture feature"]:
    """Return nine numbers of each picture; its negative (255 less each value) has their opposites."""
    levels = images.cpu().double() / 255
    grey = levels.mean(1)
    flat, half = grey.flatten(1), max(1, grey.shape[1] // 2)
    mean, centred = flat.mean(1), flat - flat.mean(1, keepdim=True)
    border = torch.cat([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], 1)
    red, green, blue = levels.expand(-1, 3, -1, -1).mean((2, 3)).unbind(1)
    edges = torch.zeros_like(grey)
    edges[:, :, 1:] += grey.diff(dim=2).abs()
    edges[:, 1:] += grey.diff(dim=1).abs()
    order = flat.argsort(1)
    ends = flat.gather(1, order)
    return torch.stack(
        [
            mean - 0.5,
            centred.pow(3).mean(1) / (centred.square().mean(1).pow(1.5) + 1e-6),
            _brighter_less_darker((levels.amax(1) - levels.amin(1)).flatten(1).gather(1, order)),
            _brighter_less_darker(edges.flatten(1).gather(1, order)),
            grey[:, :half].mean((1, 2)) - grey[:, -half:].mean((1, 2)),
            border.mean(1) - mean,
            red - blue,
            green - (red + blue) / 2,
            ends[:, : _quarter(ends)].mean(1) - (1 - ends[:, -_quarter(ends) :].mean(1)),
        ],
        dim=1,
    )


def _quarter(values: Tensor) -> int:
    return max(1, values.shape[1] // 4)


def _brighter_less_darker(by_brightness: Tensor) -> Tensor:
    """Return the mean of the brightest quarter of the pixels less that of the darkest."""
    size = _quarter(by_brightness)
    return by_brightness[:, -size:].mean(1) - by_brightness[:, :size].mean(1)
