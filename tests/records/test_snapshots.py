import numpy as np

from icv_lightning.records.cells import Cell
from icv_lightning.records.snapshots import read_snapshot
from tests.report.grid import embed


def test_a_snapshot_is_read_with_its_epoch(tmp_path):
    arrays = embed(Cell("mnist", 0.05, 2, False), 0, 50, 30)
    np.savez(tmp_path / "epoch_007.npz", **arrays)
    found = read_snapshot(tmp_path / "epoch_007.npz")
    assert (found.epoch, found.part) == (7, "test")
    assert np.array_equal(found.embeddings, arrays["test_embeddings"])
    assert np.array_equal(found.train_target, arrays["train_target"])


def test_a_validation_part_stands_in_for_test(tmp_path):
    arrays = embed(Cell("mnist", 0.05, 2, False), 0, 50, 30)
    np.savez(
        tmp_path / "epoch_001.npz", **{key.replace("test_", "val_"): value for key, value in arrays.items()}
    )
    assert read_snapshot(tmp_path / "epoch_001.npz").part == "val"


def test_a_file_cut_short_of_another_kind_or_missing_is_none(tmp_path):
    np.savez(tmp_path / "epoch_001.npz", **embed(Cell("mnist", 0.05, 2, False), 0, 50, 30))
    whole = (tmp_path / "epoch_001.npz").read_bytes()
    (tmp_path / "epoch_002.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "epoch_003.npz").write_bytes(b"")
    np.savez(tmp_path / "epoch_004.npz", other=np.zeros(3))
    for number in (2, 3, 4, 5):
        assert read_snapshot(tmp_path / f"epoch_00{number}.npz") is None
