import numpy as np
import pytest

from icv_lightning.errors import UserError
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


def test_a_file_cut_short_of_another_kind_or_missing_is_refused(tmp_path):
    np.savez(tmp_path / "epoch_001.npz", **embed(Cell("mnist", 0.05, 2, False), 0, 50, 30))
    whole = (tmp_path / "epoch_001.npz").read_bytes()
    (tmp_path / "epoch_002.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "epoch_003.npz").write_bytes(b"")
    np.savez(tmp_path / "epoch_004.npz", other=np.zeros(3))
    for number in (2, 3, 4, 5):
        with pytest.raises(UserError, match=rf"epoch_00{number}\.npz: "):
            read_snapshot(tmp_path / f"epoch_00{number}.npz")


def changed(key, change):
    arrays = embed(Cell("mnist", 0.05, 2, False), 0, 50, 30)
    return arrays | {key: change(arrays[key])}


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("test_embeddings", lambda x: x[:-1]),
        ("test_embeddings", lambda x: x[:, :1]),
        ("test_embeddings", lambda x: np.full_like(x, np.nan)),
        ("test_embeddings", lambda x: x.astype(str)),
        ("test_embeddings", lambda x: x[0]),
        ("train_embeddings", lambda x: x[:0]),
        ("train_target", lambda x: x + 10),
        ("train_target", lambda x: x.astype(float)),
        ("train_target", lambda x: np.int64(3)),
        ("test_target", lambda x: x - 1),
        ("test_target", lambda x: x.astype(str)),
        ("test_preds", lambda x: x[:-1]),
        ("test_preds", lambda x: np.where(x == 0, 10**9, x)),
        ("test_index", lambda x: -x - 1),
        ("centroids", lambda x: x[:5]),
        ("centroids", lambda x: x[None]),
        ("class_means", lambda x: x[:, :1]),
        ("class_means", lambda x: np.full_like(x, np.inf)),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_named(tmp_path, key, change):
    np.savez(tmp_path / "epoch_001.npz", **changed(key, change))
    with pytest.raises(UserError, match=r"epoch_001\.npz: a snapshot with wrong \w+"):
        read_snapshot(tmp_path / "epoch_001.npz")


def test_a_class_that_was_never_seen_has_no_mean(tmp_path):
    arrays = changed("train_target", lambda x: np.where(x == 9, 0, x))
    arrays["class_means"][9] = np.nan
    np.savez(tmp_path / "epoch_001.npz", **arrays)
    assert np.isnan(read_snapshot(tmp_path / "epoch_001.npz").class_means[9]).all()
