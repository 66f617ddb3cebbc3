"""The command that tunes the centroid rules and judges them: what it runs, what it chooses, what it says."""

import pytest

from experiments import convergence
from experiments.convergence import RULES, choose, compare
from icv_lightning.errors import UserError
from icv_lightning.records.cells import Cell
from tests.report.grid import write_run

CELL = Cell("mnist", 0.05, 2, False)
BEST = {"learned": 0.01, "batch_mean": 0.5, "one_by_one": 0.1}


def write_tuning(folder, left_out=""):
    """Write a run for each value tried; the best has the highest mean over epochs, not the highest end."""
    for rule, (key, values) in RULES.items():
        for i, value in enumerate(values):
            group, *_, name = key.split(".")
            option = (
                {"optimizer__centroid_lr": value}
                if group == "optimizer"
                else {"centroids__layer": {name: value}}
            )
            curve = {"acc_nearest_class_mean": [0.9, 0.938] if value == BEST[rule] else [0.1, 0.99]}
            if rule != left_out:
                run = write_run(
                    folder, CELL, 100, {}, epochs=2, curve=curve, suffix=f"0000000{i}", centroids__name=rule,
                    **option,
                )  # fmt: skip
                table = run / "metrics.csv"
                table.write_text(table.read_text().replace("test/", "val/"))


def test_the_best_mean_over_epochs_is_chosen(tmp_path):
    write_tuning(tmp_path)
    assert choose(tmp_path) == BEST


def test_a_rule_without_completed_runs_is_named(tmp_path):
    write_tuning(tmp_path, left_out="batch_mean")
    with pytest.raises(UserError, match="no completed run of batch_mean"):
        choose(tmp_path)


def test_what_is_run(tmp_path, monkeypatch):
    """Equal budgets on the tuning seed, then the chosen values and the published one on the others."""
    write_tuning(tmp_path / "convergence_tuning")
    (tmp_path / "convergence").mkdir()
    write_run(tmp_path / "convergence", CELL)
    commands = []
    monkeypatch.setattr(convergence, "_run", lambda outputs, overrides: commands.append(overrides))
    monkeypatch.setattr(
        "experiments.convergence_evidence.write_convergence", lambda *given: commands.append(given)
    )
    compare(tmp_path, "0,1", ["data=digits"], ["data.val_size=9"])
    tuning, judging, (last,) = commands[:3], commands[3:7], commands[7:]
    assert [c[2:] for c in tuning] == [
        ["centroids=learned", "optimizer.centroid_lr=0.003,0.01,0.03,0.1", "seed=100", "data.val_size=9"],
        ["centroids=batch_mean", "centroids.layer.alpha=0.05,0.15,0.5,1.0", "seed=100", "data.val_size=9"],
        ["centroids=one_by_one", "centroids.layer.alpha=0.002,0.006,0.03,0.1", "seed=100", "data.val_size=9"],
    ]
    assert judging == [
        ["centroids=learned", "optimizer.centroid_lr=0.01", "seed=0,1", "data=digits"],
        ["centroids=batch_mean", "centroids.layer.alpha=0.5", "seed=0,1", "data=digits"],
        ["centroids=one_by_one", "centroids.layer.alpha=0.1", "seed=0,1", "data=digits"],
        ["centroids=learned", "seed=0,1", "data=digits"],
    ]
    assert last == (tmp_path / "convergence",)


def test_a_failed_run_ends_it_in_one_line(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"loss\.lambda=-1.*: a run failed, see above"):
        convergence._run(tmp_path, ["loss.lambda=-1"])
    assert "error: loss.lambda=-1: must be" in capfd.readouterr().err


@pytest.mark.slow
def test_the_command_on_digits_and_again(tmp_path, command):
    tiny = [
        "--outputs", str(tmp_path), "--seeds", "0,1", "--val-size", "100", "--tuning-epochs", "1",
        "data=digits", "data.batch_size=64", "data.train_size=null", "model.net.widths=[4,4]",
        "model.net.hidden=16", "trainer.max_epochs=2", "callbacks.progress=null", "callbacks.gallery=null",
        "data.image_size=8",
    ]  # fmt: skip
    for _ in range(2):
        done = command(*tiny, module="experiments.convergence")
        assert done.returncode == 0, done.stderr
    assert "already completed" in done.stdout
    assert len(list((tmp_path / "convergence_tuning").glob("*/results.json"))) == 12
    assert len(list((tmp_path / "convergence").glob("*/results.json"))) == 8
    assert (tmp_path / "convergence" / "evidence.json").exists()
