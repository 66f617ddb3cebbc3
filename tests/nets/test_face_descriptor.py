"""The face descriptor: shapes, parameters counted by hand, and its switches."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import nn

from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.nets import FaceDescriptor
from icv_lightning.nets.face_descriptor import Residual

SMALL = {"stem": 3, "widths": [4, 6], "blocks": [1, 2]}


def pictures(size: int, channels: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (size, channels, height, width), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (14, 12), (4, 5)])
def test_pictures_become_unit_embeddings(channels, height, width):
    net = FaceDescriptor(channels, height, 7, image_width=width, **SMALL)
    embeddings = net(pictures(3, channels, height, width))
    assert embeddings.shape == (3, 7)
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(3))


def test_parameters_counted_by_hand():
    net = FaceDescriptor(3, 112, image_width=96)
    steps = [(3, 32), (32, 64), (64, 128), (128, 256), (256, 512)]
    residual = [(k, k) for k, blocks in ((64, 1), (128, 2), (256, 5), (512, 3)) for _ in range(2 * blocks)]
    convolutions = sum(9 * inputs * kernels for inputs, kernels in steps + residual)
    batch_norms = sum(2 * kernels for _, kernels in steps + residual)
    embedding = 512 * 7 * 6 * 1024 + 1024
    assert sum(p.numel() for p in net.parameters()) == convolutions + batch_norms + embedding


def test_layers_stand_in_the_order_of_the_notation():
    names = [type(layer).__name__ for layer in FaceDescriptor(1, 16, 2, **SMALL)]
    conv = ["Conv2d", "BatchNorm2d", "ReLU"]
    first = [*conv, "MaxPool2d", "Residual"]
    assert names == [
        "Standardize", *conv, *first, *conv, "MaxPool2d", "Residual", "Residual",
        "Flatten", "Dropout", "Embedding",
    ]  # fmt: skip


def test_a_residual_block_adds_its_input():
    block = Residual(3, batch_norm=True).eval()
    x = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    within = x
    for layer in block:
        within = layer(within)
    torch.testing.assert_close(block(x), x + within)
    nn.init.zeros_(block[-2].weight)  # of the last batch normalisation: a block that adds nothing
    torch.testing.assert_close(block(x), x)


def test_not_normalised_and_without_batch_norm():
    net = FaceDescriptor(1, 16, 2, normalize=False, batch_norm=False, **SMALL)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in net.modules())
    assert not torch.allclose(net(pictures(4, 1, 16, 16)).norm(dim=1), torch.ones(4))


def test_dropout_acts_in_training_alone():
    images = pictures(4, 1, 16, 16)
    net = FaceDescriptor(1, 16, 2, dropout=0.5, **SMALL)
    assert not torch.equal(net(images), net(images))
    assert torch.equal(net.eval()(images), net(images))


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    net = FaceDescriptor(1, 16, 5, **SMALL)
    (net(pictures(8, 1, 16, 16)) * torch.randn(5)).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_unit_length_under_bfloat16_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        embeddings = FaceDescriptor(1, 16, 9, **SMALL)(pictures(4, 1, 16, 16))
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(4))


def test_the_configuration_follows_the_pictures_shape():
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        oblong = compose("config", ["model=face_descriptor", "data=orl", "data.image_width=48"]).model.net
        square = compose("config", ["model=face_descriptor", "data=mnist"]).model.net
    assert (oblong.image_size, oblong.image_width, oblong.embedding_dim) == (64, 48, 1024)
    assert (square.image_size, square.image_width, square.normalize) == (28, 28, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stem": 0}, r"stem and widths must be positive, one or more widths, got 0 and \[4, 6\]"),
        ({"widths": []}, r"stem and widths must be positive"),
        ({"blocks": [1]}, r"blocks must be a number for each of 2 widths, none negative, got \[1\]"),
        ({"blocks": [1, -1]}, r"blocks must be a number for each of 2 widths"),
        ({"image_size": 3}, r"must be at least 4 for widths \[4, 6\], got 3 and 3"),
        ({"image_width": 2}, r"must be at least 4 for widths \[4, 6\], got 16 and 2"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, got 0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        FaceDescriptor(**{"channels": 1, "image_size": 16, "embedding_dim": 2} | SMALL | options)
