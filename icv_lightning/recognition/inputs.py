"""What a trained network and its centroids are given: images, pictures in any usual form, or embeddings."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from icv_lightning.data.picture import PictureInput, read_picture, to_input

Picture = str | Path | Image.Image | UInt8[np.ndarray, "height width *channel"]
Images = Tensor | Picture | Iterable[Picture]
BATCH_SIZE = 1000  # embedded at once
ALLOWED_IMAGES = (
    "images must be a uint8 tensor B x C x H x W, or files, PIL images or uint8 arrays H x W (x 3)"
)


def input_images(images: Images, taken: PictureInput) -> UInt8[Tensor, "batch channel height width"]:
    """Return a tensor as it is, pictures brought to what the network takes.

    Raises:
        TypeError: something else than images.
        ValueError: no images, or a tensor of another shape.
        UserError: a file that cannot be read.
    """
    if not isinstance(images, Tensor):
        images = torch.stack([_brought(image, taken) for image in _listed(images)] or [torch.empty(0)])
    if not images.numel():
        raise ValueError("at least one image must be given")
    if images.dtype != torch.uint8 or tuple(images.shape[1:]) != taken.shape:
        raise ValueError(
            f"images must be uint8 B x {' x '.join(map(str, taken.shape))}, "
            f"got {str(images.dtype).removeprefix('torch.')} {' x '.join(map(str, images.shape))}"
        )
    return images


@torch.no_grad()
def input_embeddings(
    inputs: Tensor, embed: Callable[[Tensor], Any] | None, dim: int | None
) -> Float[Tensor, "sample dim"]:
    """Return embeddings as they are, or those of images (M x C x H x W), float64 on the CPU.

    Args:
        inputs: M x N embeddings, or images.
        embed: images to embeddings, or to something with `.embeddings`.
        dim: N that they must have; None for any.

    Raises:
        ValueError: images without `embed`, or with one in training mode; another N; values not finite.
    """
    if inputs.ndim != 2:
        if embed is None:
            raise ValueError(f"embeddings must be M x N, got {tuple(inputs.shape)}; images need embed=")
        if isinstance(embed, nn.Module) and embed.training:
            raise ValueError("embed is in training mode, where dropout makes embeddings random: call .eval()")
        found = [embed(images) for images in torch.split(inputs, BATCH_SIZE)]
        inputs = torch.cat([getattr(part, "embeddings", part) for part in found])
    if dim is not None and inputs.shape[1] != dim:
        raise ValueError(f"embeddings must have {dim} coordinates, got {inputs.shape[1]}")
    if not inputs.isfinite().all():
        raise ValueError("embeddings must be finite")
    return inputs.cpu().double()


def _brought(image: Picture, taken: PictureInput) -> Tensor:
    if isinstance(image, str | Path):
        return read_picture(image, taken)
    if isinstance(image, np.ndarray) and image.dtype == np.uint8 and _is_picture(image):
        image = Image.fromarray(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image)
    if isinstance(image, Image.Image):
        return to_input(image, taken)
    raise TypeError(f"{ALLOWED_IMAGES}, got {_kind(image)}")


def _listed(images: Any) -> list[Any]:
    """Return pictures as a list: one picture, those of an array with one more axis, or of any iterable."""
    is_array = isinstance(images, np.ndarray)
    if isinstance(images, str | Path | Image.Image) or (is_array and _is_picture(images)):
        return [images]
    if is_array and images.ndim not in (3, 4):
        raise TypeError(f"{ALLOWED_IMAGES}, got {_kind(images)}")
    try:
        return list(images)
    except TypeError as error:
        raise TypeError(f"{ALLOWED_IMAGES}, got {_kind(images)}") from error


def _is_picture(array: np.ndarray) -> bool:
    return array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))


def _kind(value: Any) -> str:
    shape = f" of {value.dtype} {' x '.join(map(str, value.shape))}" if hasattr(value, "dtype") else ""
    return f"{type(value).__name__}{shape}"
