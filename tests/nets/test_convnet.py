"""ConvNet: shapes, parameters counted by hand, and its switches."""

import pytest
import torch
from torch import nn

from icv_lightning.nets import ConvNet

SMALL = {"widths": [4, 6], "hidden": 8}


def pictures(size: int, channels: int, side: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (size, channels, side, side), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("side", "widths"), [(28, [4, 6]), (15, [4, 6]), (4, [4, 6]), (9, [4]), (16, [2, 3, 4])]
)
@pytest.mark.parametrize("embedding_dim", [1, 2, 5])
def test_images_become_embeddings(channels, side, widths, embedding_dim):
    net = ConvNet(channels, side, embedding_dim, widths=widths, hidden=8)
    embeddings = net(pictures(3, channels, side))
    assert embeddings.shape == (3, embedding_dim)
    assert embeddings.dtype == torch.float32


def test_parameters_of_the_paper_size_counted_by_hand():
    convolutions = 25 * 1 * 32 + 25 * 32 * 64  # no bias before batch normalisation
    full = 64 * 7 * 7 * 1024
    batch_norms = 2 * (32 + 64 + 1024)
    embedding = 1024 * 2 + 2
    net = ConvNet(channels=1, image_size=28, embedding_dim=2)
    assert sum(p.numel() for p in net.parameters()) == convolutions + full + batch_norms + embedding
    plain = ConvNet(channels=1, image_size=28, embedding_dim=2, batch_norm=False)
    biases = 32 + 64 + 1024
    assert sum(p.numel() for p in plain.parameters()) == convolutions + full + biases + embedding


def test_layers_stand_in_the_order_of_the_notation():
    names = [type(layer).__name__ for layer in ConvNet(1, 28, 2)]
    conv = ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    full = ["Flatten", "Linear", "BatchNorm1d", "ReLU", "Dropout", "Embedding"]
    assert names == ["Standardize", *conv, *conv, *full]


def test_without_batch_norm_there_is_none():
    kinds = {type(layer) for layer in ConvNet(1, 28, 2, batch_norm=False, **SMALL)}
    assert not kinds & {nn.BatchNorm1d, nn.BatchNorm2d}


def test_unit_length_when_normalized():
    images = pictures(16, 1, 28)
    torch.manual_seed(0)
    raw = ConvNet(1, 28, 3, normalize=False, dropout=0, **SMALL)
    torch.manual_seed(0)
    unit = ConvNet(1, 28, 3, normalize=True, dropout=0, **SMALL)
    torch.testing.assert_close(unit(images).norm(dim=1), torch.ones(16))
    torch.testing.assert_close(unit(images), raw(images) / raw(images).norm(dim=1, keepdim=True))


def test_dropout_acts_in_training_alone_and_only_if_asked():
    images = pictures(8, 1, 28)
    net = ConvNet(1, 28, 2, dropout=0.5, **SMALL)
    assert not torch.equal(net(images), net(images))
    assert torch.equal(net.eval()(images), net(images))
    without = ConvNet(1, 28, 2, dropout=0, **SMALL)
    assert torch.equal(without(images), without(images))


def test_an_embedding_depends_on_its_own_image_alone_in_evaluation():
    images = pictures(5, 1, 28)
    net = ConvNet(1, 28, 2, **SMALL).eval()
    torch.testing.assert_close(net(images)[2:3], net(images[2:3]))


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    net = ConvNet(1, 28, 2, dropout=0, **SMALL)
    net(pictures(8, 1, 28)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_embeddings_are_float32_under_bfloat16_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ConvNet(1, 28, 2, normalize=True, **SMALL)(pictures(4, 1, 28)).dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 3}, r"image_size must be at least 4 for widths \[4, 6\], got 3"),
        ({"widths": []}, r"widths must be one or more positive numbers, got \[\]"),
        ({"widths": [4, 0]}, r"widths must be one or more positive numbers, got \[4, 0\]"),
        ({"hidden": 0}, "hidden must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"dropout": -0.1}, r"dropout must be in \[0, 1\), got -0.1"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, got 0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ConvNet(**{"channels": 1, "image_size": 28, "embedding_dim": 2} | SMALL | options)
