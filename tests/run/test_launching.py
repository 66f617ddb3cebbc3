"""What is handed to Hydra's launchers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf

from icv_lightning.records.results import write_results
from icv_lightning.run.launching import _limit_workers


def cells(folder: Path, completed: int, others: int, force: bool = False) -> list[Any]:
    """Return cells, some of which have a record."""
    places = [folder / str(k) for k in range(completed + others)]
    for k, place in enumerate(places):
        place.mkdir()
        if k < completed:
            write_results(place, {"status": "completed"})
    return [SimpleNamespace(config={"paths": {"run": str(place)}, "force": force}) for place in places]


@pytest.mark.parametrize(
    ("workers", "completed", "others", "force", "started"),
    [
        (40, 0, 1, False, 1),
        (1000, 3, 2, False, 2),
        (2, 0, 5, False, 2),
        (40, 3, 0, False, 1),
        (40, 3, 0, True, 3),
        (-1, 0, 2, False, -1),  # joblib's word for all cores
    ],
)
def test_no_more_processes_than_cells_are_left(tmp_path, workers, completed, others, force, started):
    launcher = OmegaConf.create({"n_jobs": workers})
    _limit_workers(launcher, cells(tmp_path, completed, others, force))
    assert launcher.n_jobs == started


def test_another_launcher_is_left_as_it_is(tmp_path):
    launcher = OmegaConf.create({"_target_": "some.Launcher"})
    _limit_workers(launcher, cells(tmp_path, 0, 1))
    assert launcher == {"_target_": "some.Launcher"}
