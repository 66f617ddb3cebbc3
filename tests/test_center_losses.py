"""The public center losses of docs/center_losses.md: their steps by formula, in NumPy, against ours."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from icv_lightning.centroids import BatchMeanCentroids, CentroidRule, LearnedCentroids
from icv_lightning.losses import CombinedLoss, intra_class_variance

Array = NDArray[np.float64]
B, N, K = 14, 3, 5
LR, W, ETA = 0.2, 0.3, 0.4  # learning rate of the network; weight and centre learning rate of the peer


class Peer(NamedTuple):
    """A public code: what it computes of (gaps z − C[y], counts n_y per sample), and our settings for it.

    `value` is before the weight w; `pull` times (z_j − C) is the gradient for z_j, w included; `step` times
    (C_k − z_j), summed over the class, is what its optimizer takes from C_k, η included.
    """

    value: Callable[[Array, Array], float]
    pull: Callable[[Array, Array], Array | float]
    step: Callable[[Array, Array], Array | float]
    weight: float
    rule: Callable[[], CentroidRule]
    centroid_lr: float | None = None


def squares(gaps: Array) -> float:
    return float((gaps**2).sum())


def learned() -> CentroidRule:
    return LearnedCentroids(K, N, init="normal").double()


def wen(alpha: float) -> Callable[[], CentroidRule]:
    return lambda: BatchMeanCentroids(K, N, alpha=alpha, init="normal", step="wen").double()


PEERS = {
    "caffe-face": Peer(
        lambda gaps, n: squares(gaps) / (2 * B), lambda gaps, n: W / B, lambda gaps, n: ETA / (1 + n),
        weight=W / 2, rule=wen(ETA),
    ),
    "pytorch-center-loss, main.py": Peer(
        lambda gaps, n: squares(gaps) / B + (K - 1) * 1e-12, lambda gaps, n: 2 * W / B,
        lambda gaps, n: ETA * 2 / B, weight=W, rule=learned, centroid_lr=ETA / W,
    ),
    "pytorch-center-loss, one optimizer": Peer(
        lambda gaps, n: squares(gaps) / B + (K - 1) * 1e-12, lambda gaps, n: 2 * W / B,
        lambda gaps, n: ETA * 2 * W / B, weight=W, rule=learned, centroid_lr=ETA,
    ),
    "MNIST_center_loss_pytorch": Peer(
        lambda gaps, n: squares(gaps) / (2 * B), lambda gaps, n: W / B, lambda gaps, n: ETA / (B * (1 + n)),
        weight=W / 2, rule=wen(ETA / B),
    ),
    "half of the mean": Peer(
        lambda gaps, n: squares(gaps) / (2 * B), lambda gaps, n: W / B, lambda gaps, n: ETA * W / B,
        weight=W / 2, rule=learned, centroid_lr=ETA,
    ),
    "MSELoss": Peer(
        lambda gaps, n: squares(gaps) / (B * N), lambda gaps, n: 2 * W / (B * N),
        lambda gaps, n: ETA * 2 * W / (B * N), weight=W / N, rule=learned, centroid_lr=ETA,
    ),
}  # fmt: skip


def batches(steps: int) -> list[tuple[Array, NDArray[np.int64]]]:
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=(B, 6)), rng.integers(0, K - 1, B)) for _ in range(steps)
    ]  # a class is never there


class State(NamedTuple):
    """A linear network z = x·A, linear scores z·H, centres C."""

    net: Array
    head: Array
    centres: Array


def peer_step(state: State, x: Array, y: NDArray[np.int64], peer: Peer, scale: float = 1.0) -> State:
    """One step of plain gradient descent on cross-entropy plus w times the peer's loss, by its formulas."""
    z = x @ state.net
    scores = np.exp(z @ state.head)
    score_error = (scores / scores.sum(1, keepdims=True) - np.eye(K)[y]) * scale / B
    gaps, counts = z - state.centres[y], np.bincount(y, minlength=K)[y]
    z_gradient = score_error @ state.head.T + np.reshape(peer.pull(gaps, counts), (-1, 1)) * gaps
    step = np.reshape(np.broadcast_to(peer.step(gaps, counts), B), (-1, 1))
    moved = np.stack([(step * -gaps)[y == k].sum(0) for k in range(K)])
    return State(
        state.net - LR * x.T @ z_gradient, state.head - LR * z.T @ score_error, state.centres - moved
    )


def ours(
    weight: float, rule: CentroidRule, centroid_lr: float | None, start: State, steps: int, lr: float = LR
) -> State:
    net, head = (torch.from_numpy(a.copy()).requires_grad_() for a in (start.net, start.head))
    groups = [{"params": [net, head]}]
    if own := list(rule.parameters()):
        groups.append({"params": own, "lr": centroid_lr})
    optimizer = torch.optim.SGD(groups, lr=lr)
    loss = CombinedLoss(weight)
    for x, y in batches(steps):
        embeddings, target = torch.from_numpy(x) @ net, torch.from_numpy(y)
        optimizer.zero_grad()
        loss(embeddings @ head, embeddings, rule(), target)["loss"].backward()
        rule.update(embeddings.detach(), target)
        optimizer.step()
    return State(net.detach().numpy(), head.detach().numpy(), rule().detach().numpy())


def start_with(rule: CentroidRule) -> State:
    rng = np.random.default_rng(2)
    return State(rng.normal(size=(6, N)) / 3, rng.normal(size=(N, K)) / 3, rule().detach().numpy().copy())


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("name", PEERS)
def test_ours_takes_the_step_of_the_public_code(name: str, steps: int) -> None:
    peer = PEERS[name]
    rule = peer.rule()
    start = expected = start_with(rule)
    for x, y in batches(steps):
        expected = peer_step(expected, x, y, peer)
    for actual, wanted in zip(ours(peer.weight, rule, peer.centroid_lr, start, steps), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-11, atol=1e-13)


def test_the_paper_s_sums_are_means_at_a_longer_learning_rate() -> None:
    """Wen et al. sum both terms over the batch: w/2 of ours, at B times the learning rate."""
    summed = PEERS["caffe-face"]._replace(pull=lambda gaps, n: W)
    rule = wen(ETA)()
    start = expected = start_with(rule)
    x, y = batches(1)[0]
    expected = peer_step(start, x, y, summed, scale=B)
    for actual, wanted in zip(ours(W / 2, rule, None, start, 1, lr=LR * B), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", PEERS)
def test_values_are_scales_of_our_term(name: str) -> None:
    peer, rng = PEERS[name], np.random.default_rng(3)
    z, y, centres = rng.normal(size=(B, N)), rng.integers(0, K, B), rng.normal(size=(K, N))
    value = W * peer.value(z - centres[y], np.bincount(y, minlength=K)[y])
    term = intra_class_variance(torch.from_numpy(z), torch.from_numpy(centres), torch.from_numpy(y))
    assert peer.weight * term.item() == pytest.approx(value, rel=1e-9)


def unsquared(z: Array, y: NDArray[np.int64], centres: Array) -> tuple[Array, Array]:
    """Gradients of w·Σ d_j/n_y for embeddings and centres."""
    gaps, counts = z - centres[y], np.bincount(y, minlength=K)[y]
    own = W * gaps / (np.sqrt((gaps**2).sum(1)) * counts)[:, None]
    return own, np.stack([-own[y == k].sum(0) for k in range(K)])


def test_unsquared_is_ours_with_a_weight_for_each_sample_and_for_no_constant_one() -> None:
    rng = np.random.default_rng(4)
    z, y, centres = rng.normal(size=(B, N)), rng.integers(0, K, B), rng.normal(size=(K, N))
    expected = unsquared(z, y, centres)
    counts = np.bincount(y, minlength=K)[y]
    weights = W * B / (2 * np.sqrt(((z - centres[y]) ** 2).sum(1)) * counts)
    embeddings = torch.from_numpy(z).requires_grad_()
    learned_centres, target = torch.from_numpy(centres).requires_grad_(), torch.from_numpy(y)
    for j, weight in enumerate(weights):
        own = intra_class_variance(embeddings[[j]], learned_centres, target[[j]])
        (weight / B * own).backward()
    np.testing.assert_allclose(embeddings.grad, expected[0], rtol=1e-11)
    np.testing.assert_allclose(learned_centres.grad, expected[1], rtol=1e-11, atol=1e-15)
    assert weights.max() > 2 * weights.min()


def test_unsquared_has_one_weight_where_all_distances_and_classes_are_equal() -> None:
    rng = np.random.default_rng(5)
    y, centres = np.repeat(np.arange(K), 4), rng.normal(size=(K, N))
    directions = rng.normal(size=(len(y), N))
    z = centres[y] + 1.7 * directions / np.sqrt((directions**2).sum(1, keepdims=True))
    expected = unsquared(z, y, centres)
    embeddings, learned_centres = (torch.from_numpy(a).requires_grad_() for a in (z, centres))
    term = intra_class_variance(embeddings, learned_centres, torch.from_numpy(y))
    (W * len(y) / (2 * 1.7 * 4) * term).backward()
    np.testing.assert_allclose(embeddings.grad, expected[0], rtol=1e-11)
    np.testing.assert_allclose(learned_centres.grad, expected[1], rtol=1e-9, atol=1e-13)
