"""Classical LDA on the embeddings of a run, against its formula."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments import linear_discriminants as lda
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.records.snapshots import Snapshot
from tests.report.grid import embed, same, write_run

CELL = Cell("mnist", 0.05, 2, False)
VARIANCES = {"var_within": 1.0, "var_between": 4.0}


def two_classes(seed=0, sizes=(300, 300)):
    """Two clusters, long and askew to the line between their means: the Euclidean distance is misled."""
    rng = np.random.default_rng(seed)
    means, shape = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 2.0], [0.0, 0.5]])
    parts = []
    for count in sizes:
        target = np.arange(count) % 2
        parts.append((rng.normal(size=(count, 2)) @ shape + means[target], target))
    (train, train_target), (points, target) = parts
    centres = np.array([train[train_target == k].mean(0) for k in (0, 1)])
    return Snapshot(
        1, "test", train, train_target, points, target, target, np.arange(len(target)), centres, centres
    )


def oracle(snapshot):
    """The class of the least (z − mean)ᵀ R_w⁻¹ (z − mean) − 2·log P_k."""
    classes, counts = np.unique(snapshot.train_target, return_counts=True)
    means = [snapshot.train_embeddings[snapshot.train_target == k].mean(0) for k in classes]
    centred = snapshot.train_embeddings - np.array(means)[snapshot.train_target]
    inverse = np.linalg.inv(centred.T @ centred / len(centred))
    priors = counts / counts.sum()

    def score(z, k):
        return (z - means[k]) @ inverse @ (z - means[k]) - 2 * np.log(priors[k])

    scores = [[score(z, k) for k in classes] for z in snapshot.embeddings]
    return float((np.argmin(scores, 1) == snapshot.target).mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_equals_the_formula_and_beats_the_euclidean_distance_on_skewed_clusters(seed):
    found = lda.accuracies(two_classes(seed))
    assert found["acc_lda"] == pytest.approx(oracle(two_classes(seed)), abs=1 / 300)
    assert found["acc_lda"] > found["acc_nearest_class_mean"] + 0.05
    assert found["acc_nearest_centroid"] == found["acc_nearest_class_mean"]
    assert found["acc"] == 1


def test_nearly_collapsed_classes_do_no_harm():
    snapshot = two_classes()
    noise = 1e-6 * np.random.default_rng(0).normal(size=snapshot.train_embeddings.shape)
    collapsed = snapshot.class_means[snapshot.train_target] + noise
    found = lda.accuracies(replace(snapshot, train_embeddings=collapsed))
    assert found["acc_lda"] == pytest.approx(found["acc_nearest_class_mean"], abs=0.02)


def test_one_row_for_each_completed_run_with_a_snapshot(tmp_path):
    for seed in (0, 1):
        metrics = same(0.9) | VARIANCES
        write_run(tmp_path, CELL, seed, metrics, epochs=1, snapshots=[embed(CELL, seed, 300, 200)])
    write_run(tmp_path, CELL, 2, same(0.9), suffix="11111111")  # no snapshot
    write_run(tmp_path, CELL, 3, status="failed", snapshots=[embed(CELL, 3, 300, 200)])
    table = lda.lda_table(read_runs([tmp_path]))
    assert table.seed.to_list() == [0, 1]
    assert (table.var_ratio == 0.25).all()
    assert (table.var_total == 5).all()
    assert table.acc_lda.between(0.9, 1).all()


def test_means_over_seeds():
    row = {"data": "mnist", "embedding_dim": 2, "normalize": False, "weight": 0.05, "loss": "icv"}
    table = pd.DataFrame([row | {"seed": s} | dict.fromkeys(lda.MEASURES, 0.9 + 0.02 * s) for s in (0, 1)])
    # mean of 0.90 and 0.92, half-width 12.7062 · 0.01
    assert lda.over_seeds(table)["acc_lda"].to_list() == ["0.9100 ± 0.1271"]
    assert lda.over_seeds(table[:1])["acc_lda"].to_list() == ["0.9000"]


def test_the_command(tmp_path, started, capsys):
    write_run(tmp_path, CELL, 0, same(0.9) | VARIANCES, epochs=1, snapshots=[embed(CELL, 0, 300, 200)])
    assert started(lda, tmp_path) == 0
    assert "acc_lda" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "lda.csv").loss.to_list() == ["icv"]
    assert (tmp_path / "embeddings.png").read_bytes().startswith(b"\x89PNG")


def test_a_panel_for_each_loss_of_each_data_set(tmp_path):
    for i, (data, loss) in enumerate([("mnist", "icv"), ("mnist", "discriminant"), ("fashion_mnist", "icv")]):
        cell = CELL._replace(data=data)
        for seed in (0, 1):
            options = {"loss__name": loss, "suffix": f"0000000{i}", "epochs": 1}
            write_run(tmp_path, cell, seed, same(0.9), snapshots=[embed(cell, seed, 300, 200)], **options)
    panels = lda.embedding_panels(read_runs([tmp_path])).axes
    assert [panel.get_title() for panel in panels] == [
        "Fashion-MNIST, icv, λ 0.05", "", "MNIST, icv, λ 0.05", "MNIST, discriminant, λ 0.05"
    ]  # fmt: skip


def test_a_wrong_folder_ends_it_in_one_line(tmp_path, refused):
    write_run(tmp_path, CELL, 0, same(0.9))
    for folder, words in (
        (tmp_path / "none", "no such folder"),
        (tmp_path, "no completed run with a snapshot"),
    ):
        assert words in refused(lda, folder)
