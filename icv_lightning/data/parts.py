"""The parts of a data set as it is loaded: whether they are as promised, which classes stay, and cuts."""

from collections.abc import Sequence
from typing import Any

import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from icv_lightning.errors import UserError

Part = tuple[Any, Tensor]  # images, a tensor or what gives them on demand, and target


def check_shape(images: Any, shape: tuple[int, int, int], name: str) -> None:
    """Raise `UserError` for images in memory whose shape (C, H, W) is not that of the settings."""
    if isinstance(images, Tensor) and images.shape[1:] != shape:
        raise UserError(
            f"data.channels={shape[0]} data.image_size={shape[1]}: the images of {name} are "
            f"{' x '.join(map(str, images.shape[1:]))}, channels first"
        )


def check_classes(target: Tensor, num_classes: int, name: str, part: str) -> None:
    """Raise `UserError` for a part without images, or with a class outside of 0 to K - 1."""
    classes = torch.unique(target)
    if not len(target) or classes.min() < 0 or classes.max() >= num_classes:
        raise UserError(
            f"data={name}: the {part} part must have classes 0 to {num_classes - 1} "
            f"(data.num_classes={num_classes}), found {classes.tolist()[:20]}"
        )


def kept_classes(target: Tensor, classes: Sequence[int], name: str, part: str) -> tuple[Tensor, Tensor]:
    """Return the classes numbered anew, -1 where they are left out, and the positions of the others.

    Raises:
        UserError: one of `classes` that the part does not have.
    """
    if missing := sorted(set(classes) - set(target.tolist())):
        raise UserError(f"data.classes={classes}: the {part} part of {name} has no {missing}")
    numbers = torch.full((int(target.max()) + 1,), -1)
    numbers[list(classes)] = torch.arange(len(classes))
    return numbers[target], (numbers[target] >= 0).nonzero()[:, 0]


def stratified(index: Tensor, target: Tensor, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Split `index` into (rest, chosen) with `size` chosen, class by class in proportion, both sorted."""
    rest, chosen = train_test_split(index.numpy(), test_size=size, stratify=target.numpy(), random_state=seed)
    return torch.from_numpy(rest).sort().values, torch.from_numpy(chosen).sort().values
