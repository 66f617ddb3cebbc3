"""The experiments on faces and made-up identities, as their files ask for them; shortened where they run."""

from pathlib import Path

import pytest

from icv_lightning.preflight import check
from icv_lightning.record import read_results
from tests.conftest import cells


def test_the_orl_grid_is_five_folds_of_three_seeds_and_four_weights():
    found = check(["-m", "experiment=orl_verification"]).cells
    assert len(found) == 60
    assert {config.data.fold for config in found} == {0, 1, 2, 3, 4}
    assert {config.data.num_classes for config in found} == {32}
    assert {config.loss["lambda"] for config in found} == {0, 0.05, 0.5, 1.0}
    assert len({config.cell for config in found}) == 60
    rule = check(["-m", "experiment=orl_verification", "centroids=batch_mean", "loss.lambda=0.5"]).cells
    assert len(rule) == 15
    assert {config.centroids.name for config in rule} == {"batch_mean"}


def test_made_up_identities_train_with_accumulated_gradients(main, tmp_path: Path):
    small = ("data.num_classes=30", "data.unseen_classes=4", "data.batch_size=40", "trainer.max_epochs=1")
    settings = ("trainer.check_val_every_n_epoch=1", "model.embedding_dim=8", "trainer.precision=32-true")
    assert main("as_is", "experiment=synthetic_identities", *small, *settings, "~callbacks.progress") == 0
    (folder,) = cells(tmp_path / "outputs")
    results = read_results(folder)
    assert results is not None
    assert len(results["per_class"]) == 30
    rows = (folder / "metrics.csv").read_text().splitlines()
    assert rows[1].startswith("1,3,")  # 240 images are 6 batches of 40: 3 steps of two


@pytest.mark.slow
def test_a_short_run_on_orl_tells_persons_apart(main, tmp_path: Path, data_root: Path):
    if not (data_root / "orl_faces" / "s40").is_dir():
        pytest.skip("needs the ORL faces: ICV_DATA to a folder that holds orl_faces")
    short = ("data.fold=0", "seed=0", "loss.lambda=0.05", "trainer.max_epochs=10")
    settings = ("trainer.check_val_every_n_epoch=10", f"data.root={data_root}", "~callbacks.progress")
    assert main("as_is", "experiment=orl_verification", *short, *settings) == 0
    results = read_results(cells(tmp_path / "outputs")[0])
    assert results is not None
    assert results["metrics"]["test/acc_nearest_class_mean"] > 0.7  # of 32 persons
