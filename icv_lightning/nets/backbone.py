"""A network of torchvision or timm by its name, its classifier replaced by the embedding."""

import difflib
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from icv_lightning.errors import UserError, check_choice, reason
from icv_lightning.nets.embedding import Embedding
from icv_lightning.nets.standardize import Standardize

SOURCES = ("torchvision", "timm")


class Backbone(nn.Sequential):
    """image → I → `architecture` without its classifier → F^N.

    Maps uint8 images (B x C x H x W) to embeddings (B x N).

    Args:
        channels: image channels C. Other than 3 change the first convolution; pretrained weights of it are
            summed over RGB and divided by C, so that a grey picture is seen as the same picture in RGB is.
        image_size: height H in pixels.
        embedding_dim: N.
        normalize: embeddings of unit length.
        image_width: W; None for H.
        source: "torchvision" or "timm".
        architecture: a classifier's name there, e.g. resnet18.
        weights: name of pretrained weights, e.g. DEFAULT, IMAGENET1K_V1 (torchvision) or a1_in1k (timm);
            downloaded, or found in the library's cache. None for none, and nothing is downloaded.
        small_images: make the first convolution 3x3 with stride 1, starting at random where it had another
            kernel, and leave out a max-pooling that comes before the second convolution (as the ResNets
            of CIFAR, He et al. 2016, have none).

    Raises:
        ValueError: an unknown source, architecture or weights; an architecture with auxiliary classifiers,
            without a full connection at its end, or that does not take images of this size.
        UserError: timm is not installed, or weights are not available.
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        embedding_dim: int,
        normalize: bool = False,
        image_width: int | None = None,
        source: str = "torchvision",
        architecture: str = "resnet18",
        weights: str | None = None,
        small_images: bool = False,
    ) -> None:
        check_choice("source", source, SOURCES)
        make = _of_torchvision if source == "torchvision" else _of_timm
        body = make(architecture, weights, channels)
        if small_images:
            _keep_resolution(body, architecture)
        features = _features(body, architecture, (channels, image_size, image_width or image_size))
        super().__init__(Standardize(channels), body, Embedding(features, embedding_dim, normalize))


def _of_torchvision(architecture: str, weights: str | None, channels: int) -> nn.Module:
    from torchvision import models  # a second of import that other networks need not

    _check_name("architecture", architecture, models.list_models(module=models), "torchvision")
    if weights is not None:
        _check_name("weights", weights, [*models.get_model_weights(architecture).__members__], architecture)
    make = partial(models.get_model, architecture, weights=weights)
    body = make() if weights is None else _downloaded(make, architecture, weights)
    if getattr(body, "aux_logits", None):
        raise ValueError(f"architecture={architecture}: has auxiliary classifiers, which none trains here")
    *_, (name, last) = body.named_modules()
    if not isinstance(last, nn.Linear):
        raise ValueError(f"architecture={architecture}: has no full connection at its end to replace")
    body.set_submodule(name, nn.Identity())
    if channels != 3:
        _set_channels(body, channels, pretrained=weights is not None)
    return body


def _of_timm(architecture: str, weights: str | None, channels: int) -> nn.Module:
    if find_spec("timm") is None:
        raise UserError("source=timm: not installed; needs pip install 'icv-lightning[timm]'")
    import timm

    _check_name("architecture", architecture, timm.list_models(), "timm")
    create = partial(timm.create_model, num_classes=0, in_chans=channels)
    if weights is None:
        return create(architecture)
    tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
    _check_name("weights", weights, ["DEFAULT", *tags] if tags else [], architecture)
    name = architecture if weights == "DEFAULT" else f"{architecture}.{weights}"
    return _downloaded(partial(create, name, pretrained=True), architecture, weights)


def _check_name(key: str, name: str, known: Sequence[str], where: str) -> None:
    """Allow known names alone: timm would also follow one to a stranger's repository or a local folder."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
        raise ValueError(f"{key}={name}: unknown in {where}; the nearest are {', '.join(near) or 'none'}")


def _downloaded(make: Callable[[], nn.Module], name: str, weights: str) -> nn.Module:
    try:
        return make()
    except Exception as error:  # network, cache and mirror: each library has kinds of its own
        raise UserError(
            f"weights={weights}: not available for {name} ({reason(error)}); null downloads nothing"
        ) from error


@torch.no_grad()
def _set_channels(body: nn.Module, channels: int, pretrained: bool) -> None:
    conv = next(layer for layer in body.modules() if isinstance(layer, nn.Conv2d))
    grey = conv.weight.sum(1, keepdim=True).expand(-1, channels, -1, -1) / channels
    conv.weight = nn.Parameter((grey if pretrained else conv.weight[:, :channels]).clone())
    conv.in_channels = channels


@torch.no_grad()
def _keep_resolution(body: nn.Module, architecture: str) -> None:
    """Give the first convolution 3x3 kernels and stride 1, and take a max-pooling before the second out."""
    layers = [each for each in body.named_modules() if isinstance(each[1], nn.Conv2d | nn.MaxPool2d)]
    if not layers or not isinstance(conv := layers[0][1], nn.Conv2d):
        raise ValueError(f"architecture={architecture}: does not start with a convolution to make small")
    if conv.kernel_size == (3, 3):
        conv.stride = conv.padding = (1, 1)
    else:
        new = nn.Conv2d(conv.in_channels, conv.out_channels, 3, padding=1, bias=conv.bias is not None)
        nn.init.kaiming_normal_(new.weight, mode="fan_out", nonlinearity="relu")
        body.set_submodule(layers[0][0], new)
    if len(layers) > 1 and isinstance(layers[1][1], nn.MaxPool2d):
        body.set_submodule(layers[1][0], nn.Identity())


@torch.no_grad()
def _features(body: nn.Module, architecture: str, shape: tuple[int, int, int]) -> int:
    """Return how many features an image of `shape` gives."""
    body.eval()
    try:
        found: Tensor = body(torch.zeros(1, *shape))
        _, features = found.shape
    except Exception as error:  # whatever its layers raise
        size = " x ".join(map(str, shape))
        raise ValueError(
            f"architecture={architecture}: does not take images of {size} ({reason(error)})"
        ) from error
    body.train()
    return features
