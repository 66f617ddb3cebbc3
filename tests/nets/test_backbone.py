"""Backbones of torchvision and timm: shapes, what is changed in them, and what is refused."""

import sys
from importlib.util import find_spec

import pytest
import torch
from torch import nn
from torchvision import models

from icv_lightning.errors import UserError
from icv_lightning.nets import Backbone, Embedding, Standardize, backbone

needs_timm = pytest.mark.skipif(find_spec("timm") is None, reason="needs timm, of the extra timm")


def pictures(size: int, channels: int, height: int, width: int | None = None) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (size, channels, height, width or height)
    return torch.randint(256, shape, dtype=torch.uint8, generator=generator)


SMALL_ONES = ["resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small", "densenet121", "regnet_y_400mf"]


@pytest.mark.parametrize("architecture", SMALL_ONES)
@pytest.mark.parametrize(("channels", "small_images"), [(1, True), (3, False)])
def test_images_become_embeddings(architecture, channels, small_images):
    net = Backbone(channels, 32, 5, architecture=architecture, small_images=small_images)
    assert [type(net[0]), type(net[-1])] == [Standardize, Embedding]
    embeddings = net(pictures(3, channels, 32))
    assert embeddings.shape == (3, 5)
    assert embeddings.dtype == torch.float32


def test_the_body_is_torchvisions_own():
    torch.manual_seed(0)
    reference = models.resnet18(num_classes=7)
    net = Backbone(3, 64, 7).eval()
    state = reference.state_dict()
    head = {key.removeprefix("fc."): state.pop(key) for key in ("fc.weight", "fc.bias")}
    net[1].load_state_dict(state)
    net[-1].load_state_dict(head)
    images = pictures(2, 3, 64)
    expected = reference.eval()((images - 127.5) / 127.5)
    torch.testing.assert_close(net(images), expected)


def test_small_images_keep_their_resolution_to_the_first_block():
    body = Backbone(1, 28, 2, small_images=True)[1]
    assert body.conv1.weight.shape == (64, 1, 3, 3)
    assert (body.conv1.stride, body.conv1.padding) == ((1, 1), (1, 1))
    assert isinstance(body.maxpool, nn.Identity)
    seen = []
    body.layer1.register_forward_hook(lambda layer, given, found: seen.append(found.shape))
    body(torch.zeros(2, 1, 28, 28))
    assert seen == [(2, 64, 28, 28)]
    plain = Backbone(1, 28, 2)[1]
    assert plain.conv1.weight.shape == (64, 1, 7, 7)
    assert isinstance(plain.maxpool, nn.MaxPool2d)


def test_a_3x3_convolution_and_later_poolings_stay():
    torch.manual_seed(0)
    plain = Backbone(3, 32, 2, architecture="mobilenet_v3_small")[1]
    torch.manual_seed(0)
    small = Backbone(3, 32, 2, architecture="mobilenet_v3_small", small_images=True)[1]
    assert torch.equal(small.features[0][0].weight, plain.features[0][0].weight)
    assert (plain.features[0][0].stride, small.features[0][0].stride) == ((2, 2), (1, 1))
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.MaxPool2d(2))
    backbone._keep_resolution(body, "made")
    assert isinstance(body[2], nn.MaxPool2d)


@pytest.fixture
def pretrained(monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """A ResNet in the place of the one that torchvision would download weights for."""
    torch.manual_seed(0)
    network = models.resnet18()
    monkeypatch.setattr(models, "get_model", lambda name, weights: network if weights else None)
    return network


def test_pretrained_weights_see_a_grey_picture_as_they_see_it_in_rgb(pretrained):
    reference = models.resnet18()
    reference.load_state_dict(pretrained.state_dict())
    body = Backbone(1, 64, 2, weights="IMAGENET1K_V1")[1].eval()
    reference.fc = nn.Identity()
    grey = torch.randn(2, 1, 64, 64)
    torch.testing.assert_close(body(grey), reference.eval()(grey.expand(-1, 3, -1, -1)), rtol=1e-4, atol=1e-5)


def test_weights_that_cannot_be_downloaded(monkeypatch):
    def refused(*args, **kwargs):
        raise OSError("no\nnetwork")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refused)
    monkeypatch.setattr(models._api, "load_state_dict_from_url", refused)
    with pytest.raises(UserError, match=r"weights=DEFAULT: not available for resnet18 \(no network\)"):
        Backbone(3, 32, 2, weights="DEFAULT")


def test_oblong_pictures():
    assert Backbone(1, 40, 3, image_width=24, small_images=True)(pictures(2, 1, 40, 24)).shape == (2, 3)


def test_unit_length_when_normalized():
    net = Backbone(1, 28, 3, normalize=True, architecture="shufflenet_v2_x0_5", small_images=True)
    torch.testing.assert_close(net(pictures(4, 1, 28)).norm(dim=1), torch.ones(4))


def test_nothing_is_left_from_looking_at_the_number_of_features():
    net = Backbone(1, 28, 2, architecture="shufflenet_v2_x0_5")
    assert all(layer.training for layer in net.modules())
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert norms
    assert all(layer.num_batches_tracked == 0 for layer in norms)
    net(pictures(8, 1, 28)).square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "keras"}, "source must be one of torchvision, timm, got 'keras'"),
        (
            {"architecture": "resnet19"},
            r"architecture=resnet19: unknown in torchvision; the nearest are resnet18",
        ),
        ({"architecture": "fcn_resnet50"}, r"unknown in torchvision; the nearest are resnet50"),
        ({"weights": "IMAGENET"}, r"weights=IMAGENET: unknown in resnet18; the nearest are IMAGENET1K_V1"),
        ({"architecture": "squeezenet1_0"}, "squeezenet1_0: has no full connection at its end"),
        ({"architecture": "densenet121"}, r"densenet121: does not take images of 3 x 8 x 8 \(.*too small"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, got 0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        Backbone(**{"channels": 3, "image_size": 8, "embedding_dim": 2} | options)


def test_auxiliary_classifiers_are_refused(monkeypatch):
    monkeypatch.setattr(models, "get_model", lambda *args, **kwargs: models.googlenet(init_weights=False))
    with pytest.raises(ValueError, match="googlenet: has auxiliary classifiers"):
        Backbone(3, 64, 2, architecture="googlenet")


def test_without_timm_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(backbone, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        UserError, match=r"source=timm: not installed; needs pip install 'icv-lightning\[timm\]'"
    ):
        Backbone(3, 32, 2, source="timm")


@needs_timm
@pytest.mark.parametrize(("channels", "small_images"), [(1, True), (3, False)])
def test_timm_is_timms_own(channels, small_images):
    import timm

    net = Backbone(channels, 32, 5, source="timm", architecture="resnet10t", small_images=small_images).eval()
    images = pictures(2, channels, 32)
    assert net(images).shape == (2, 5)
    if not small_images:
        reference = timm.create_model("resnet10t", num_classes=5, in_chans=channels).eval()
        state = net[1].state_dict() | {f"fc.{key}": value for key, value in net[-1].state_dict().items()}
        reference.load_state_dict(state)
        torch.testing.assert_close(net(images), reference((images - 127.5) / 127.5))


@needs_timm
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "resnet19"}, "architecture=resnet19: unknown in timm; the nearest are resnet1"),
        ({"architecture": "hf-hub:somebody/net"}, "architecture=hf-hub:somebody/net: unknown in timm"),
        ({"architecture": "local-dir:/tmp"}, "architecture=local-dir:/tmp: unknown in timm"),
        ({"weights": "a1"}, r"weights=a1: unknown in resnet18; the nearest are .*a1_in1k"),
        ({"architecture": "mixer_s32_224"}, "mixer_s32_224: does not take images of 3 x 28 x 28"),
    ],
)
def test_bad_arguments_of_timm(options, message):
    with pytest.raises(ValueError, match=message):
        Backbone(
            **{
                "channels": 3,
                "image_size": 28,
                "embedding_dim": 2,
                "source": "timm",
                "architecture": "resnet18",
            }
            | options
        )
