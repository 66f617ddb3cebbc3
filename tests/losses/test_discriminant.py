"""Intra- minus inter-class variance: what it is, where its gradients go, and that nothing runs away."""

import functools
import math

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn
from torch.nn.functional import cross_entropy

from icv_lightning import ClassifierModule, LearnedCentroids, load_checkpoint
from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.identity import identify
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.losses import CombinedLoss, DiscriminantLoss, discriminant, inter_class_variance
from icv_lightning.variability import between_class_variance, class_means, grand_mean, within_class_variance
from tests.conftest import cells

# two classes at x = 0 and x = 4, members one above and one below
EMBEDDINGS = torch.tensor([[0.0, 1.0], [0.0, -1.0], [4.0, 1.0], [4.0, -1.0]])
CENTROIDS = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
MEAN = torch.tensor([2.0, 0.0])
TARGET = torch.tensor([0, 0, 1, 1])


@st.composite
def batches(draw: st.DrawFn) -> tuple[torch.Tensor, ...]:
    size, classes, dim = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    values = st.floats(-100, 100, width=32)
    shapes = ((size, dim), (classes, dim), (dim,))
    embeddings, centroids, mean = (draw(arrays(np.float64, shape, elements=values)) for shape in shapes)
    target = draw(arrays(np.int64, size, elements=st.integers(0, classes - 1)))
    return tuple(torch.from_numpy(a) for a in (embeddings, centroids, mean, target))


def oracle(embeddings, centroids, mean, target, between, bound) -> float:
    """The second form, (1 + β)·W + β·|T − τ| − β·τ, by a loop."""
    within = total = 0.0
    for z, k in zip(embeddings.double().numpy(), target.tolist(), strict=True):
        within += np.linalg.norm(z - centroids.double().numpy()[k]) ** 2 / len(target)
        total += np.linalg.norm(z - mean.double().numpy()) ** 2 / len(target)
    return (1 + between) * within + between * abs(total - bound) - between * bound


def logits_of(target: torch.Tensor, classes: int = 4) -> torch.Tensor:
    return torch.randn(len(target), classes, generator=torch.Generator().manual_seed(0))


def test_worked_example():
    # W = 1; every embedding is 2 to the side and 1 up or down from the mean, T = 5; so S = 4
    assert inter_class_variance(EMBEDDINGS, CENTROIDS, MEAN, TARGET).item() == 4
    below = discriminant(EMBEDDINGS, CENTROIDS, MEAN, TARGET, between=0.5, max_total_variance=6)
    above = discriminant(EMBEDDINGS, CENTROIDS, MEAN, TARGET, between=0.5, max_total_variance=3)
    assert below.item() == 1 - 0.5 * 4
    assert above.item() == 1 - 0.5 * 4 + 2 * 0.5 * (5 - 3)


def test_worked_example_of_the_defaults():
    # five times as far: W = 25, T = 125, S = 100
    value = discriminant(5 * EMBEDDINGS, 5 * CENTROIDS, 5 * MEAN, TARGET)
    assert value.item() == 25 - 100 + 2 * (125 - 100)


def test_it_is_not_the_mean_of_its_parts():
    far = EMBEDDINGS * torch.tensor([[1.0], [1], [2], [2]])  # beyond the bound in the second half alone
    arguments = {"between": 1.0, "max_total_variance": 10.0}
    halves = [
        discriminant(far[s], CENTROIDS, MEAN, TARGET[s], **arguments).item() for s in (slice(2), slice(2, 4))
    ]
    assert discriminant(far, CENTROIDS, MEAN, TARGET, **arguments).item() != pytest.approx(sum(halves) / 2)
    assert DiscriminantLoss.whole_batch


def test_gradient_of_the_worked_example():
    embeddings = EMBEDDINGS.clone().requires_grad_()
    inter_class_variance(embeddings, CENTROIDS, MEAN, TARGET).backward()
    torch.testing.assert_close(embeddings.grad, torch.tensor([[-1.0, 0], [-1, 0], [1, 0], [1, 0]]))


@given(batches(), st.floats(0, 3), st.floats(0.1, 1e4))
def test_equals_the_loop(batch, between, bound):
    expected = oracle(*batch, between, bound)
    assert discriminant(*batch, between, bound).item() == pytest.approx(expected, rel=1e-9, abs=1e-8)


@given(batches())
def test_at_the_means_it_is_the_between_class_variance_of_the_sample(batch):
    embeddings, _, _, target = batch
    means = class_means(embeddings, target).nan_to_num()
    inter = inter_class_variance(embeddings, means, grand_mean(embeddings), target).item()
    assert inter == pytest.approx(between_class_variance(embeddings, target).item(), rel=1e-9, abs=1e-8)
    value = discriminant(embeddings, means, grand_mean(embeddings), target, 1.0, 1e9).item()
    within = within_class_variance(embeddings, target).item()
    assert value == pytest.approx(within - inter, rel=1e-9, abs=1e-8)


@given(batches(), st.floats(0.01, 3), st.floats(0.1, 1e4), st.floats(1, 1e6))
def test_bounded_below_and_it_bounds_the_total_variance(batch, between, bound, scale):
    embeddings, centroids, mean, target = batch
    value = discriminant(scale * embeddings, centroids, mean, target, between, bound).item()
    total = (scale * embeddings - mean).square().sum(1).mean().item()
    variance = (scale * embeddings).var(0, correction=0).sum().item()
    slack = 1e-9 * (total + bound)
    assert value >= -between * bound - slack
    assert variance <= total + slack
    assert total <= 2 * bound + value / between + slack


def test_gradcheck():
    torch.manual_seed(0)
    embeddings = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    centroids, mean = torch.randn(4, 3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    target = torch.tensor([0, 2, 2, 3, 0])
    for bound in (1e-3, 1e3):
        assert torch.autograd.gradcheck(
            lambda z, bound=bound: discriminant(z, centroids, mean, target, 0.7, bound), embeddings
        )


def test_centroids_and_grand_mean_learn_means_alone():
    """The gradient of each is that of its own squared distance (equation 6), whatever is subtracted."""
    criterion = DiscriminantLoss(0.5, 2, between=3.0, max_total_variance=1.0)
    centroids = torch.zeros(4, 2, requires_grad=True)
    embeddings = EMBEDDINGS.clone().requires_grad_()
    criterion(logits_of(TARGET), embeddings, centroids, TARGET)["loss"].backward()
    # λ · 2/B · Σ (C_k − z_j): classes 0 and 1 sum to (0, 0) and (8, 0), classes 2 and 3 are absent
    torch.testing.assert_close(centroids.grad, torch.tensor([[0.0, 0], [-2, 0], [0, 0], [0, 0]]))
    torch.testing.assert_close(criterion.grand_mean.grad, torch.tensor([-2.0, 0.0]))


def test_the_term_of_the_grand_mean_is_neither_in_the_value_nor_in_the_network():
    criterion = DiscriminantLoss(0.5, 2, between=1.0, max_total_variance=50.0)
    embeddings, logits = EMBEDDINGS.clone().requires_grad_(), logits_of(TARGET, 2)
    loss = criterion(logits, embeddings, CENTROIDS, TARGET)["loss"]
    plain = EMBEDDINGS.clone().requires_grad_()
    value = discriminant(plain, CENTROIDS, torch.zeros(2), TARGET, 1.0, 50.0)
    loss.backward(), (0.5 * value).backward()
    assert loss.item() == pytest.approx(cross_entropy(logits, TARGET).item() + 0.5 * value.item())
    torch.testing.assert_close(embeddings.grad, plain.grad)


def descend(max_total_variance: float, steps: int = 600) -> tuple[float, float, float]:
    """Free embeddings and scores under Adam, from near the origin; gives first loss, last loss, variance."""
    torch.manual_seed(0)
    embeddings, head, centroids = nn.Parameter(0.1 * torch.randn(40, 2)), nn.Linear(2, 4), torch.zeros(4, 2)
    centroids, target = nn.Parameter(centroids), torch.arange(40) % 4
    criterion = DiscriminantLoss(1.0, 2, between=1.0, max_total_variance=max_total_variance)
    parameters = [embeddings, centroids, *head.parameters(), *criterion.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.25)
    losses = []
    for _ in range(steps):
        loss = criterion(head(embeddings), embeddings, centroids, target)["loss"]
        optimizer.zero_grad(), loss.backward(), optimizer.step()
        losses.append(loss.item())
    assert all(math.isfinite(value) for value in losses)
    return losses[0], losses[-1], embeddings.detach().var(0, correction=0).sum().item()


def test_long_descent_ends_at_the_bound_and_without_it_runs_away():
    first, last, variance = descend(max_total_variance=10.0)
    assert variance <= 2 * 10.0 + first
    assert variance == pytest.approx(10.0, rel=0.05)
    assert -10.0 <= last < -9.0  # all of the variance is between classes
    assert descend(max_total_variance=1e30)[2] > 1000.0


def test_without_the_subtracted_term_it_is_the_combined_loss():
    logits, centroids = logits_of(TARGET), torch.ones(4, 2)
    found = DiscriminantLoss(0.3, 2, between=0.0)(logits, EMBEDDINGS, centroids, TARGET)
    expected = CombinedLoss(0.3)(logits, EMBEDDINGS, centroids, TARGET)
    assert all(found[key].item() == pytest.approx(expected[key].item()) for key in CombinedLoss.terms)


def test_terms_are_those_it_announces():
    terms = DiscriminantLoss(0.1, 2)(logits_of(TARGET), EMBEDDINGS, CENTROIDS, TARGET)
    assert tuple(terms) == DiscriminantLoss.terms
    assert not terms["loss_var"].requires_grad
    assert not terms["loss_between"].requires_grad
    assert terms["loss_var"].item() == 1
    assert terms["loss_between"].item() == 8 + 1 - 1  # the grand mean starts at zero: T = 8 + 1


def test_lambda_0_leaves_the_network_the_gradient_of_cross_entropy_bit_for_bit_and_means_learn():
    logits = logits_of(TARGET).requires_grad_()
    embeddings, centroids = EMBEDDINGS.clone().requires_grad_(), torch.ones(4, 2, requires_grad=True)
    criterion = DiscriminantLoss(0.0, 2)
    terms = criterion(logits, embeddings, centroids, TARGET)
    terms["loss"].backward()
    assert terms["loss"].item() == terms["loss_ce"].item() == cross_entropy(logits, TARGET).item()
    (expected,) = torch.autograd.grad(cross_entropy(logits, TARGET), logits)
    assert torch.equal(logits.grad, expected)
    assert embeddings.grad is None
    # 2/B · Σ (C_k − z_j): classes 0 and 1 sum to (2, 2) and (−6, 2)
    torch.testing.assert_close(centroids.grad, torch.tensor([[1.0, 1], [-3, 1], [0, 0], [0, 0]]))
    torch.testing.assert_close(criterion.grand_mean.grad, torch.tensor([-4.0, 0.0]))


def test_one_class_and_one_sample_and_none():
    criterion = DiscriminantLoss(1.0, 2)
    for size in (2, 1, 0):
        logits, target = torch.zeros(size, 2, requires_grad=True), torch.zeros(size, dtype=torch.long)
        centroids = torch.zeros(2, 2, requires_grad=True)
        terms = criterion(logits, EMBEDDINGS[:size], centroids, target)
        assert terms["loss_between"].item() == 0  # centroids and grand mean are one
        if size:  # the mean of nothing is not a number, in cross-entropy
            terms["loss"].backward()
            assert terms["loss"].isfinite()
            assert centroids.grad[1].eq(0).all()


def test_bfloat16_autocast_gives_float32():
    criterion, logits = DiscriminantLoss(0.5, 2), logits_of(TARGET).bfloat16()
    noisy = (EMBEDDINGS + 0.1234).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        terms = criterion(logits, noisy, CENTROIDS, TARGET)
    assert {value.dtype for value in terms.values()} == {torch.float32}
    expected = criterion(logits.float(), noisy.float(), CENTROIDS, TARGET)
    assert terms["loss"].item() == expected["loss"].item()


def test_huge_values_are_finite():
    terms = DiscriminantLoss(1.0, 2)(1e30 * logits_of(TARGET), 1e18 * EMBEDDINGS, -1e18 * CENTROIDS, TARGET)
    assert all(value.isfinite() for value in terms.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -0.1}, r"weight \(λ\) must be finite and not negative, got -0.1"),
        ({"weight": math.nan}, r"weight \(λ\) must be finite and not negative, got nan"),
        ({"between": -1.0}, r"between \(β\) must be finite and not negative, got -1.0"),
        ({"between": math.inf}, r"between \(β\) must be finite and not negative, got inf"),
        ({"max_total_variance": 0.0}, r"max_total_variance must be positive and finite, got 0.0"),
        ({"max_total_variance": math.inf}, r"max_total_variance must be positive and finite, got inf"),
        ({"embedding_dim": 0}, r"embedding_dim must be at least 1, got 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        DiscriminantLoss(**{"weight": 0.1, "embedding_dim": 2} | arguments)


def test_one_dimension():
    terms = DiscriminantLoss(1.0, 1)(logits_of(TARGET), EMBEDDINGS[:, :1], CENTROIDS[:, :1], TARGET)
    assert (terms["loss_var"].item(), terms["loss_between"].item()) == (0, 8)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"must share N, got \(4, 2\) and \(1, 3\)"):
        discriminant(EMBEDDINGS, CENTROIDS, torch.zeros(3), TARGET)
    with pytest.raises(ValueError, match=r"target must have shape \(4,\), got \(3,\)"):
        discriminant(EMBEDDINGS, CENTROIDS, MEAN, TARGET[:3])


def test_printed_form_shows_the_settings():
    assert "weight=0.5, between=1.0, max_total_variance=100.0" in repr(DiscriminantLoss(0.5, 2))


def test_a_run_learns_the_grand_mean_and_its_checkpoint_loads(main, tmp_path):
    assert main("loss=discriminant", "loss.max_total_variance=4", "trainer.max_epochs=2") == 0
    (cell,) = cells(tmp_path / "outputs")
    model = load_checkpoint(cell / "checkpoints" / "last.ckpt")
    assert isinstance(model.loss, DiscriminantLoss)
    assert model.loss.max_total_variance == 4
    assert model.loss.grand_mean.abs().min() > 0
    assert "test/loss_between" in (cell / "metrics.csv").read_text()


def test_the_grand_mean_learns_at_the_rate_of_the_centroids():
    module = ClassifierModule(
        nn.Linear(3, 2), nn.Linear(2, 4), LearnedCentroids(4, 2), DiscriminantLoss(0.1, 2),
        functools.partial(torch.optim.Adam, lr=0.001), num_classes=4, embedding_dim=2, centroid_lr=0.1,
    )  # fmt: skip
    weights, biases, centres = module.configure_optimizers().param_groups  # biases have no weight decay
    assert (weights["lr"], biases["lr"], centres["lr"]) == (0.001, 0.001, 0.1)
    assert {id(p) for p in centres["params"]} == {id(module.centroids.weight), id(module.loss.grand_mean)}
    assert len(weights["params"]) == len(biases["params"]) == 2


def test_loss_and_its_settings_are_in_the_name_of_a_run():
    register_resolvers()
    chosen = ([], ["loss=discriminant"], ["loss=discriminant", "loss.between=0.5"])
    with initialize_config_dir(str(CONF), version_base="1.3"):
        assert len({identify(compose("config", overrides)).name for overrides in chosen}) == 3
