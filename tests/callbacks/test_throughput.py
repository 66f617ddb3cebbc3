"""The clock of `train/images_per_second`."""

import time

import pytest
import torch

from icv_lightning.callbacks.throughput import Clock


def test_on_a_cpu_it_is_the_time_between_the_first_and_the_last_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter([10.0, 11.0, 12.5])
    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    clock = Clock()
    for _ in range(3):
        clock.note(torch.device("cpu"))
    assert clock.seconds() == 2.5


def test_on_a_gpu_it_waits_for_the_last_moment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            self.number = len(said)

        def record(self) -> None:
            said.append(f"record {self.number}")

        def synchronize(self) -> None:
            said.append(f"wait for {self.number}")

        def elapsed_time(self, end: "Event") -> float:
            return 1500.0 * (end.number - self.number)

    monkeypatch.setattr(torch.cuda, "Event", Event)
    clock = Clock()
    clock.note(torch.device("cuda"))
    clock.note(torch.device("cuda"))
    assert clock.seconds() == 1.5
    assert said == ["record 0", "record 1", "wait for 1"]
