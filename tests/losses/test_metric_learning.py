"""Losses of pytorch-metric-learning: the network's gradient is theirs alone, head and centroids learn too."""

import math
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from icv_lightning.errors import UserError
from icv_lightning.losses import intra_class_variance
from icv_lightning.losses.metric_learning import KINDS, MetricLearningLoss
from tests.conftest import cells

pytest.importorskip("pytorch_metric_learning", reason="needs the extra metric-learning")
K, N, B = 4, 3, 24
TARGET = torch.arange(B) % K


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits, embeddings, centroids."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=generator) for shape in ((B, K), (B, N), (K, N)))


def made(name: str, **options) -> MetricLearningLoss:
    torch.manual_seed(1)
    return MetricLearningLoss(name, K, N, **options)


def distances(embeddings: torch.Tensor) -> np.ndarray:
    z = normalize(embeddings).double().numpy()
    return np.sqrt(((z[:, None] - z[None]) ** 2).sum(2).clip(min=0))


def mean_above_zero(values: list[float]) -> float:
    above = [value for value in values if value > 0]
    return sum(above) / len(above)


def contrastive(embeddings, margin: float) -> float:
    d, pairs = distances(embeddings), [(i, j) for i in range(B) for j in range(B) if i != j]
    same = [d[i, j] for i, j in pairs if TARGET[i] == TARGET[j]]
    other = [margin - d[i, j] for i, j in pairs if TARGET[i] != TARGET[j]]
    return mean_above_zero(same) + mean_above_zero(other)


def triplet(embeddings, margin: float) -> float:
    d, y = distances(embeddings), TARGET.tolist()
    return mean_above_zero(
        [
            d[a, p] - d[a, n] + margin
            for a in range(B)
            for p in range(B)
            for n in range(B)
            if a != p and y[a] == y[p] != y[n]
        ]
    )


def supcon(embeddings, scale: float) -> float:
    z, total = normalize(embeddings).double().numpy(), 0.0
    for i in range(B):
        score = np.exp(scale * z @ z[i])
        others = score.sum() - score[i]
        own = [j for j in range(B) if j != i and TARGET[j] == TARGET[i]]
        total -= sum(math.log(score[j] / others) for j in own) / len(own)
    return total / B


def softmax_of_cosines(embeddings, weight, scale: float, moved) -> float:
    """Cross-entropy of scale · cosines (weight K x N), that of the own class replaced by `moved` of it."""
    cosines = (normalize(embeddings) @ normalize(weight).T).double().numpy()
    total = 0.0
    for row, k in zip(cosines, TARGET.tolist(), strict=True):
        row[k] = moved(row[k])
        total -= math.log(np.exp(scale * row[k]) / np.exp(scale * row).sum())
    return total / B


def proxy_anchor(embeddings, proxies, margin: float, scale: float) -> float:
    cosines = (normalize(embeddings) @ normalize(proxies).T).double().numpy()
    own, total = TARGET.numpy()[:, None] == np.arange(K), 0.0
    for k in range(K):
        near, far = cosines[own[:, k], k], cosines[~own[:, k], k]
        total += math.log1p(np.exp(-scale * (near - margin)).sum())
        total += math.log1p(np.exp(scale * (far + margin)).sum())
    return total / K  # every class is in the batch


def expected(loss: MetricLearningLoss, embeddings: torch.Tensor) -> float:
    own = next(iter(loss.parameters()), torch.empty(0)).detach()
    return {
        "contrastive": lambda: contrastive(embeddings, 0.9),
        "triplet": lambda: triplet(embeddings, 0.2),
        "arcface": lambda: softmax_of_cosines(
            embeddings, own.T, 8.0, lambda c: math.cos(math.acos(c) + math.radians(10))
        ),
        "cosface": lambda: softmax_of_cosines(embeddings, own.T, 8.0, lambda c: c - 0.2),
        "proxy_anchor": lambda: proxy_anchor(embeddings, own, 0.2, 8.0),
        "supcon": lambda: supcon(embeddings, 8.0),
        "normalized_softmax": lambda: softmax_of_cosines(embeddings, own.T, 8.0, lambda c: c),
    }[loss.name]()


OPTIONS = {
    "contrastive": {"margin": 0.9},
    "triplet": {"margin": 0.2},
    "arcface": {"margin": 10, "scale": 8.0},
    "cosface": {"margin": 0.2, "scale": 8.0},
    "proxy_anchor": {"margin": 0.2, "scale": 8.0},
    "supcon": {"scale": 8.0},
    "normalized_softmax": {"scale": 8.0},
}


@pytest.mark.parametrize("name", KINDS)
def test_equals_its_formula(name):
    logits, embeddings, centroids = batch()
    loss = made(name, **OPTIONS[name])
    terms = loss(logits, embeddings, centroids, TARGET)
    assert terms["loss_metric"].item() == pytest.approx(expected(loss, embeddings), rel=1e-4)
    assert set(terms) == set(MetricLearningLoss.terms)


@pytest.mark.parametrize("name", KINDS)
def test_the_gradient_of_embeddings_is_that_of_the_metric_loss_alone(name):
    logits, embeddings, centroids = (x.requires_grad_() for x in batch())
    loss = made(name)
    terms = loss(logits, embeddings, centroids, TARGET)
    (alone,) = torch.autograd.grad(loss.metric_loss(embeddings, TARGET), embeddings)
    found = torch.autograd.grad(terms["loss"], (embeddings, logits, centroids), retain_graph=True)
    probe = torch.autograd.grad(terms["loss_probe"], logits)[0]
    pull = torch.autograd.grad(intra_class_variance(embeddings, centroids, TARGET), centroids)[0]
    assert all(torch.equal(a, b) for a, b in zip(found, (alone, probe, pull), strict=True))
    assert alone.abs().sum() > 0
    assert terms["loss"].item() == terms["loss_metric"].item()


def test_lambda_adds_the_variance_term():
    logits, embeddings, centroids = (x.requires_grad_() for x in batch())
    plain, both = (made("supcon", weight=w)(logits, embeddings, centroids, TARGET) for w in (0.0, 0.5))
    assert both["loss"].item() == pytest.approx(plain["loss"].item() + 0.5 * plain["loss_var"].item())
    pull = torch.autograd.grad(both["loss"] - plain["loss"], embeddings)[0]
    by_hand = 0.5 * 2 * (embeddings - centroids[TARGET]) / B
    torch.testing.assert_close(pull, by_hand, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", KINDS)
def test_proxies_are_its_parameters_and_learn(name):
    loss = made(name)
    own = list(loss.parameters())
    assert len(own) == KINDS[name].has_proxies
    logits, embeddings, centroids = batch()
    loss(logits, embeddings.requires_grad_(), centroids, TARGET)["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in own)


@pytest.mark.parametrize("name", KINDS)
def test_draws_nothing_but_its_start(name):
    start = [made(name) for _ in range(2)]
    for one, other in zip(*(loss.parameters() for loss in start), strict=True):
        assert torch.equal(one, other)
    before, of_numpy = torch.get_rng_state(), np.random.get_state()[1].tolist()
    start[0](*batch(), TARGET)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == of_numpy


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.has_proxies])
def test_evaluation_compares_within_pieces_of_a_batch(name, monkeypatch):
    monkeypatch.setattr("icv_lightning.losses.metric_learning.CHUNK", 16)
    logits, embeddings, centroids = batch()
    loss = made(name)
    one, two = (loss.metric_loss(embeddings[s], TARGET[s]) for s in (slice(16), slice(16, None)))
    whole = loss(logits, embeddings, centroids, TARGET)["loss_metric"].item()
    found = loss.eval()(logits, embeddings, centroids, TARGET)["loss_metric"].item()
    assert found == pytest.approx((16 * one + 8 * two).item() / 24)
    assert found != whole


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.has_proxies])
def test_evaluation_holds_all_of_a_batch_against_proxies(name, monkeypatch):
    monkeypatch.setattr("icv_lightning.losses.metric_learning.CHUNK", 16)
    loss, (logits, embeddings, centroids) = made(name), batch()
    whole = loss.metric_loss(embeddings, TARGET).item()
    assert loss.eval()(logits, embeddings, centroids, TARGET)["loss_metric"].item() == whole


def test_pieces_of_an_evaluation_have_128_images():
    generator = torch.Generator().manual_seed(0)
    embeddings, target = torch.randn(256, N, generator=generator), torch.arange(256) % K
    loss = made("supcon").eval()
    halves = [loss.metric_loss(embeddings[s], target[s]).item() for s in (slice(128), slice(128, None))]
    found = loss(torch.zeros(256, K), embeddings, torch.zeros(K, N), target)["loss_metric"].item()
    assert found == pytest.approx(sum(halves) / 2, rel=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_it_needs_the_whole_batch_where_it_is_not_the_mean_of_its_parts(name):
    loss, (_, embeddings, _) = made(name), batch()
    halves = [loss.metric_loss(embeddings[s], TARGET[s]).item() for s in (slice(12), slice(12, None))]
    is_mean = loss.metric_loss(embeddings, TARGET).item() == pytest.approx(sum(halves) / 2, rel=1e-5)
    assert loss.whole_batch is not is_mean


@pytest.mark.parametrize("name", KINDS)
def test_bfloat16_autocast_is_computed_in_float32(name):
    logits, embeddings, centroids = batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = made(name)(logits.bfloat16(), embeddings.bfloat16(), centroids, TARGET)
    assert found["loss"].dtype == torch.float32
    exact = made(name)(logits, embeddings.bfloat16().float(), centroids, TARGET)
    assert found["loss_metric"].item() == exact["loss_metric"].item()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "tripplet"}, "must be one of contrastive, triplet, arcface, .*, got tripplet"),
        ({"name": "supcon", "weight": -1.0}, r"weight \(λ\) must be finite and not negative, got -1.0"),
        ({"name": "arcface", "scale": 0.0}, "scale must be positive and finite, got 0.0"),
        ({"name": "supcon", "scale": math.inf}, "scale must be positive and finite, got inf"),
        ({"name": "supcon", "margin": 1.0}, "margin must be null for supcon, which has none, got 1.0"),
        ({"name": "triplet", "scale": 2.0}, "scale must be null for triplet, which has none, got 2.0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MetricLearningLoss(**{"num_classes": K, "embedding_dim": N} | arguments)


def test_a_scale_below_one():
    _, embeddings, _ = batch()
    found = made("supcon", scale=0.5).metric_loss(embeddings, TARGET).item()
    assert found == pytest.approx(supcon(embeddings, 0.5), rel=1e-4)


def test_without_the_library_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_metric_learning", None)
    with pytest.raises(UserError, match=r"pip install 'icv-lightning\[metric-learning\]'"):
        made("supcon")


def test_a_run_whose_head_is_a_probe(main, tmp_path):
    from icv_lightning import load_checkpoint

    assert main("loss=metric_learning", "loss.name=proxy_anchor", "trainer.max_epochs=1") == 0
    (folder,) = cells(tmp_path / "outputs")
    module = load_checkpoint(folder / "checkpoints" / "last.ckpt")
    assert len(list(module.loss.parameters())) == 1
    images = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    with torch.enable_grad(), warnings.catch_warnings():
        module(images).logits.sum().backward()
    grads = {name for name, p in module.named_parameters() if p.grad is not None}
    assert grads == {"head.weight", "head.bias"}
    assert isinstance(module.loss.metric_loss, nn.Module)


def test_pair_losses_ask_for_class_balanced_batches_where_pairs_are_rare(main, capsys):
    few = ("loss=metric_learning", "loss.name=supcon", "data.batch_size=16")
    assert main("as_is", "data=digits", "~callbacks.progress", *few) == 2
    assert "loss.name=supcon: compares pairs of a class" in capsys.readouterr().err
    assert main("as_is", "data=digits", "~callbacks.progress", *few, "loss.name=tripplet") == 2
    assert "loss.criterion: name of a metric-learning loss must be one of" in capsys.readouterr().err
