"""LeNet++: shapes, parameters counted by hand, and its switches."""

import pytest
import torch
from torch import nn

from icv_lightning.nets import LeNetPP


def pictures(size: int, channels: int, side: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (size, channels, side, side), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize(
    ("channels", "side", "widths"), [(1, 28, [4, 6, 8]), (3, 32, [4, 6, 8]), (1, 8, [4]), (3, 9, [4, 6, 8])]
)
def test_images_become_embeddings(channels, side, widths):
    embeddings = LeNetPP(channels, side, 3, widths=widths)(pictures(2, channels, side))
    assert embeddings.shape == (2, 3)
    assert embeddings.dtype == torch.float32


def test_parameters_counted_by_hand():
    pairs = [(1, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    convolutions = sum(25 * inputs * kernels for inputs, kernels in pairs)
    kernels = sum(k for _, k in pairs)
    embedding = 128 * 3 * 3 * 2 + 2  # 28 -> 14 -> 7 -> 3
    net = LeNetPP(channels=1, image_size=28, embedding_dim=2)
    assert sum(p.numel() for p in net.parameters()) == convolutions + 2 * kernels + embedding
    plain = LeNetPP(channels=1, image_size=28, embedding_dim=2, batch_norm=False)
    assert sum(p.numel() for p in plain.parameters()) == convolutions + kernels + embedding


def test_layers_stand_in_the_order_of_the_notation():
    names = [type(layer).__name__ for layer in LeNetPP(1, 28, 2, widths=[4, 6])]
    pair = [*["Conv2d", "BatchNorm2d", "ReLU"] * 2, "MaxPool2d"]
    assert names == ["Standardize", *pair, *pair, "Flatten", "Dropout", "Embedding"]


def test_unit_length_when_normalized():
    net = LeNetPP(1, 28, 2, normalize=True, widths=[4])
    torch.testing.assert_close(net(pictures(8, 1, 28)).norm(dim=1), torch.ones(8))


def test_dropout_acts_in_training_alone():
    images = pictures(8, 1, 28)
    net = LeNetPP(1, 28, 2, widths=[4], dropout=0.5)
    assert not torch.equal(net(images), net(images))
    assert torch.equal(net.eval()(images), net(images))


def test_without_batch_norm_there_is_none():
    net = LeNetPP(1, 28, 2, widths=[4], batch_norm=False)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in net)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 7}, r"image_size must be at least 8 for widths \[32, 64, 128\], got 7"),
        ({"widths": []}, r"widths must be one or more positive numbers, got \[\]"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, got 0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        LeNetPP(**{"channels": 1, "image_size": 28, "embedding_dim": 2} | options)
