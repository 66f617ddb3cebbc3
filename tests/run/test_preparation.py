"""Threads and random numbers of a process that trains."""

from collections.abc import Iterator

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from icv_lightning.run.preparation import prepare_process


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def settings(threads: int | None) -> DictConfig:
    return OmegaConf.create({"seed": 3, "threads": threads, "workers": None, "gpu_share": 0.0})


def test_threads_are_those_asked_for_or_left_as_they_are() -> None:
    before = torch.get_num_threads()
    prepare_process(settings(None))
    assert torch.get_num_threads() == before
    prepare_process(settings(2))
    assert torch.get_num_threads() == 2


def test_one_seed_draws_the_same_numbers() -> None:
    drawn = []
    for _ in range(2):
        prepare_process(settings(None))
        drawn.append(torch.rand(3))
    assert torch.equal(*drawn)
