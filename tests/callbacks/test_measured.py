"""What a record holds of embeddings, through a real training, beside what its snapshots say."""

import numpy as np
import pandas as pd
import pytest

from icv_lightning.evaluation.measured import by_epoch, last_epoch
from icv_lightning.records.measured import read_measured
from icv_lightning.records.snapshots import read_snapshot

LOGGED = ("spacing", "centroid_lag", "tail", "distance_median", "distance_p99")


@pytest.mark.parametrize(("epochs", "every", "val_size"), [(2, 1, 0), (3, 2, 100)])
def test_it_is_what_the_snapshots_say(digits_run, epochs, every, val_size):
    run = digits_run(epochs=epochs, every=every, val_size=val_size)
    curves = pd.read_csv(run.folder / "metrics.csv").set_index("epoch")
    for epoch in (2, epochs):
        snapshot = read_snapshot(run.folder / "embeddings" / f"epoch_{epoch:03d}.npz")
        expected = by_epoch(snapshot)
        assert tuple(expected) == LOGGED
        logged = [curves.loc[epoch, f"train/{key}"] for key in LOGGED]
        assert logged == pytest.approx(list(expected.values()), rel=1e-5)
    found, expected = read_measured(run.folder), last_epoch(snapshot)
    assert found.part == ("val" if val_size else "test")
    assert found.values == pytest.approx(expected.values, rel=1e-6)
    for rule, bits in expected.right.items():
        assert np.array_equal(found.right[rule], bits)
    assert list(found.right) == [
        "acc", "acc_nearest_class_mean", "acc_nearest_centroid", "acc_cosine", "acc_mahalanobis"
    ]  # fmt: skip


def test_every_epoch_has_its_numbers(digits_run):
    curves = pd.read_csv(digits_run(epochs=3, every=2, val_size=100).folder / "metrics.csv")
    assert curves[[f"train/{key}" for key in LOGGED]].notna().all(axis=None)
