"""The main job on the real data, shortened; skipped where the archives are absent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icv_lightning.records.results import read_results
from tests.conftest import cells


@pytest.mark.slow
@pytest.mark.parametrize(("data", "least"), [("mnist", 0.93), ("fashion_mnist", 0.80)])
def test_one_epoch_of_cross_entropy_in_two_dimensions_classifies(
    main: Callable[..., int], tmp_path: Path, data_root: Path, data: str, least: float
) -> None:
    settings = ("as_is", f"data={data}", f"data.root={data_root}", "loss.lambda=0", "~callbacks.progress")
    assert main(*settings, "trainer.max_epochs=1", "model.embedding_dim=4") == 0
    (folder,) = cells(tmp_path / "outputs")
    results = read_results(folder)
    assert results is not None
    assert results["metrics"]["test/acc"] > least
    assert sum(map(sum, results["confusion"])) == 10_000
