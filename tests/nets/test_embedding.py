"""The layers that all networks share: embedding and scores."""

import math

import pytest
import torch

from icv_lightning.nets import Embedding, LinearScores


def identity_embedding(normalize: bool) -> Embedding:
    layer = Embedding(2, 2, normalize)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(2))
        layer.bias.zero_()
    return layer


def test_projection_on_the_unit_sphere_by_hand():
    features = torch.tensor([[3.0, 4.0], [0.0, -5.0]])
    torch.testing.assert_close(identity_embedding(True)(features), torch.tensor([[0.6, 0.8], [0.0, -1.0]]))
    assert torch.equal(identity_embedding(False)(features), features)


def test_the_zero_embedding_stays_zero_with_a_finite_gradient():
    features = torch.zeros(1, 2, requires_grad=True)
    embeddings = identity_embedding(True)(features)
    embeddings.sum().backward()
    assert torch.equal(embeddings, torch.zeros(1, 2))
    assert features.grad.isfinite().all()


def scores(**options) -> LinearScores:
    layer = LinearScores(2, 3, **options)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
        if layer.bias is not None:
            layer.bias.copy_(torch.tensor([0.0, 0.5, 1.0]))
    return layer


def test_scores_by_hand():
    embeddings = torch.tensor([[0.6, 0.8]])
    torch.testing.assert_close(scores()(embeddings), torch.tensor([[0.6, 1.3, 2.4]]))
    torch.testing.assert_close(scores(bias=False)(embeddings), torch.tensor([[0.6, 0.8, 1.4]]))
    # s = scale · W z + b: the bias is not scaled
    scaled = scores(normalized=True, scale=10.0)(embeddings)
    torch.testing.assert_close(scaled, torch.tensor([[6.0, 8.5, 15.0]]))


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({"normalized": True, "scale": 10}, 10.0),
        ({"normalized": True, "scale": None}, None),
        ({"normalized": False, "scale": 10}, None),
        ({}, None),
    ],
)
def test_scale_is_a_parameter_on_unit_embeddings_alone(options, scale):
    parameters = dict(LinearScores(2, 3, **options).named_parameters())
    assert ("scale" in parameters) == (scale is not None)
    assert scale is None or parameters["scale"].item() == scale


def test_the_scale_learns():
    layer = scores(normalized=True, scale=10.0)
    layer(torch.tensor([[0.6, 0.8]])).sum().backward()
    torch.testing.assert_close(layer.scale.grad, torch.tensor(0.6 + 0.8 + 1.4))


@pytest.mark.parametrize("layer", [identity_embedding(True), scores(), scores(normalized=True, scale=3.0)])
def test_computed_in_float32_whatever_the_autocast(layer):
    inputs = torch.tensor([[1.001, 1.003]])  # bfloat16 makes both 1
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = layer(inputs)
    assert outputs.dtype == torch.float32
    assert torch.equal(outputs, layer(inputs))


def test_features_of_half_precision_are_taken():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert identity_embedding(False)(torch.ones(1, 2, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 1}, "num_classes must be at least 2, got 1"),
        ({"scale": 0}, "scale must be positive and finite, or None, got 0"),
        ({"scale": -1.0}, "scale must be positive and finite, or None, got -1.0"),
        ({"scale": math.nan}, "scale must be positive and finite, or None, got nan"),
    ],
)
def test_bad_arguments_of_scores(options, message):
    with pytest.raises(ValueError, match=message):
        LinearScores(**{"embedding_dim": 2, "num_classes": 3} | options)


def test_bad_embedding_dim():
    with pytest.raises(ValueError, match="embedding_dim must be at least 1, got 0"):
        Embedding(4, 0, normalize=False)
