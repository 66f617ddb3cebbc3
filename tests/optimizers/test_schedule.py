"""Schedules against closed forms, with a warm-up, with centroids that stay, and after a resume."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as torchs

from icv_lightning.errors import UserError
from icv_lightning.optimizers import Schedule, one_cycle, parameter_groups, restore

STEPS = 40
COSINE = partial(Schedule, "cosine", torchs.CosineAnnealingLR, length="T_max")
LINEAR = partial(
    Schedule, "linear", partial(torchs.LinearLR, start_factor=1.0, end_factor=0.0), length="total_iters"
)


def optimizer(lr: float = 0.2, centroid_lr: float | None = 0.5) -> torch.optim.Optimizer:
    groups = parameter_groups([nn.Parameter(torch.ones(2, 2))], [nn.Parameter(torch.ones(2))], centroid_lr)
    return torch.optim.SGD(groups, lr=lr, momentum=0.9)


def rates(schedule: Schedule, found: torch.optim.Optimizer, steps: int = STEPS) -> list[tuple[float, float]]:
    """The rates of network and centroids at each of `steps` steps, two steps an epoch."""
    configured = schedule.configured(found, steps, steps // 2)
    seen = []
    for step in range(steps):
        seen.append(tuple(float(group["lr"]) for group in found.param_groups))
        found.step()
        for config in configured:
            if config["interval"] == "step" or step % 2 == 1:
                config["scheduler"].step()
        restore(found)
    return seen  # type: ignore[return-value]


@pytest.mark.parametrize("warmup", [0.0, 0.25])
@pytest.mark.parametrize(
    ("make", "share"),
    [
        (partial(Schedule), lambda t: 1.0),
        (COSINE, lambda t: (1 + math.cos(math.pi * t / STEPS)) / 2),
        (LINEAR, lambda t: 1 - t / STEPS),
        (
            partial(Schedule, "step", partial(torchs.StepLR, step_size=5, gamma=0.1), interval="epoch"),
            lambda t: 0.1 ** (t // 2 // 5),
        ),
    ],
    ids=["none", "cosine", "linear", "step"],
)
def test_a_rate_is_the_schedule_times_the_warm_up(make, share, warmup) -> None:
    rising = round(warmup * STEPS)
    for t, (rate, centroid_rate) in enumerate(rates(make(warmup=warmup), optimizer())):
        expected = share(t) * min(1, (t + 1) / rising if rising else 1)
        assert rate == pytest.approx(0.2 * expected, rel=1e-9, abs=1e-12)
        assert centroid_rate == pytest.approx(0.5 * expected, rel=1e-9, abs=1e-12)


def test_centroids_stay_at_their_first_rate_if_asked() -> None:
    seen = rates(COSINE(warmup=0.25, centroids="stay"), optimizer())
    assert {centroid_rate for _, centroid_rate in seen} == {0.5}
    assert [rate for rate, _ in seen] == [rate for rate, _ in rates(COSINE(warmup=0.25), optimizer())]


def test_one_cycle_rises_to_the_optimizers_rates_and_falls() -> None:
    schedule = Schedule("one_cycle", partial(one_cycle, pct_start=0.25, cycle_momentum=False),
                        length="total_steps", warmup=0.25)  # fmt: skip
    seen = rates(schedule, optimizer())
    peak = max(range(STEPS), key=lambda t: seen[t])
    assert seen[peak] == pytest.approx((0.2, 0.5))
    assert peak == STEPS // 4 - 1
    assert seen[0] == pytest.approx((0.2 / 25, 0.5 / 25))
    assert seen[-1] == pytest.approx((0.2 / 25e4, 0.5 / 25e4))


def test_plateau_is_told_what_to_look_at() -> None:
    plateau = partial(torchs.ReduceLROnPlateau, patience=0, factor=0.5)
    schedule = Schedule("plateau", plateau, interval="epoch", monitor="val/loss")
    found = optimizer()
    (config,) = schedule.configured(found, STEPS, 20)
    assert (config["monitor"], config["interval"]) == ("val/loss", "epoch")
    assert schedule.seen({"val/loss": torch.tensor(2.0), "val/acc": torch.tensor(1.0)}) == 2
    with pytest.raises(UserError, match=r"scheduler\.monitor=val/loss: not logged; must be one of val/acc$"):
        schedule.seen({"val/acc": torch.tensor(1.0)})
    for value in (1.0, 2.0):
        config["scheduler"].step(value)
    assert found.param_groups[0]["lr"] == pytest.approx(0.1)


@pytest.mark.parametrize("centroids", ["follow", "stay"])
@pytest.mark.parametrize("cut", [3, 25])
def test_state_read_again_gives_the_same_rates(cut: int, centroids: str) -> None:
    whole = rates(COSINE(warmup=0.25, centroids=centroids), optimizer())
    before = optimizer()
    first = COSINE(warmup=0.25, centroids=centroids).configured(before, STEPS, 20)
    for _ in range(cut):
        before.step()
        for config in first:
            config["scheduler"].step()
        restore(before)
    after = optimizer()
    second = COSINE(warmup=0.25, centroids=centroids).configured(after, STEPS, 20)
    after.load_state_dict(before.state_dict())
    for one, other in zip(first, second, strict=True):
        other["scheduler"].load_state_dict(one["scheduler"].state_dict())
    for t in range(cut, STEPS):
        assert tuple(group["lr"] for group in after.param_groups) == whole[t]
        after.step()
        for config in second:
            config["scheduler"].step()
        restore(after)


def test_what_is_constant() -> None:
    assert Schedule().constant
    assert not Schedule(warmup=0.1).constant
    assert not COSINE().constant


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"interval": "batch"}, "interval must be 'step' or 'epoch', got 'batch'"),
        ({"warmup": 1.0}, r"warmup must be at least 0 and below 1, got 1\.0"),
        ({"centroids": "none"}, "centroids must be 'follow' or 'stay', got 'none'"),
    ],
)
def test_refused(options, said) -> None:
    with pytest.raises(ValueError, match=said):
        Schedule(**options)
