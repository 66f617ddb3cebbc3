"""Which of several processes this one is."""

import pytest

from icv_lightning.run import processes


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in processes.RANKS:
        monkeypatch.delenv(key, raising=False)


def test_alone_it_is_the_first() -> None:
    assert processes.rank({"devices": 2}) == 0
    assert not processes.in_grid()


@pytest.mark.parametrize("key", processes.RANKS)
def test_torchrun_and_slurm_number_it(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(key, "3")
    assert processes.rank({"devices": "auto"}) == 3
    assert processes.rank({"devices": 1}) == 0  # a job of Slurm that trains a run in each task


def test_the_number_on_all_machines_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "5")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert processes.rank({}) == 5
