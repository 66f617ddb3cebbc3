import numpy as np
import pytest
from sklearn.decomposition import PCA

from icv_lightning.evaluation.geometry import spacing
from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.records.snapshots import read_snapshot
from icv_lightning.report.figures.panels import frame_of, names_of, pick, view_of
from tests.report.grid import FASHION, embed, same, write_run

CELL = Cell("fashion_mnist", 0.05, 2, False)


def snapshot(folder, dim):
    np.savez(folder / "epoch_001.npz", **embed(CELL._replace(embedding_dim=dim), 0, 300, 200))
    return read_snapshot(folder / "epoch_001.npz")


def test_two_dimensions_are_only_shifted_and_scaled(tmp_path):
    s = snapshot(tmp_path, 2)
    view = view_of(s, points=200)
    unit, middle = spacing(s.class_means), s.class_means.mean(0)
    expected = (s.embeddings - middle) / unit
    assert np.sort(view.points, axis=0) == pytest.approx(np.sort(expected, axis=0), abs=1e-5)
    assert spacing(view.class_means) == pytest.approx(1)
    assert view.explained == 1


def test_four_dimensions_go_through_a_pca_fitted_on_train(tmp_path):
    s = snapshot(tmp_path, 4)
    pca = PCA(2, svd_solver="full").fit(s.train_embeddings.astype(np.float64))
    expected = (pca.transform(s.class_means) - pca.transform(s.class_means.mean(0, keepdims=True))) / spacing(
        s.class_means
    )
    view = view_of(s)
    assert view.class_means == pytest.approx(expected, abs=1e-4)
    assert view.explained == pytest.approx(pca.explained_variance_ratio_.sum())


def test_one_dimension_lies_on_a_line(tmp_path):
    s = snapshot(tmp_path, 2)
    s = type(s)(**{**s.__dict__, "embeddings": s.embeddings[:, :1], "centroids": s.centroids[:, :1],
                   "class_means": s.class_means[:, :1]})  # fmt: skip
    assert (view_of(s).points[:, 1] == 0).all()


def test_train_and_watched_parts_are_told_apart(tmp_path):
    s = snapshot(tmp_path, 2)
    assert (len(view_of(s, "train", points=999).points), len(view_of(s, points=999).points)) == (300, 200)


def test_a_frame_of_another_epoch_can_be_given(tmp_path):
    s = snapshot(tmp_path, 2)
    frame = frame_of(s)._replace(unit=1.0, origin=np.zeros(2))
    assert view_of(s, frame=frame).class_means == pytest.approx(s.class_means)


def test_the_lowest_completed_seed_with_snapshots_is_drawn(tmp_path):
    arrays = [embed(CELL, 0, 50, 30)]
    write_run(tmp_path, CELL, 0, same(0.9))  # no snapshots
    write_run(tmp_path, CELL, 1, status="running", snapshots=arrays)
    write_run(tmp_path, CELL, 2, same(0.9), snapshots=arrays, class_names=FASHION)
    write_run(tmp_path, CELL, 3, same(0.9), snapshots=arrays)
    (variant,), _ = grouped(read_runs([tmp_path]))
    assert pick(variant, CELL).seed == 2
    assert pick(variant, CELL._replace(weight=0.0)) is None


def test_class_names_are_those_of_a_run_else_numbers(tmp_path):
    write_run(tmp_path / "a", CELL, 0, same(0.9), class_names=FASHION)
    write_run(tmp_path / "b", CELL, 0, status="running", snapshots=[embed(CELL, 0, 50, 30)])
    for folder, expected in (("a", FASHION), ("b", list("0123456789"))):
        (variant,), _ = grouped(read_runs([tmp_path / folder]))
        assert names_of(variant, "fashion_mnist") == expected
