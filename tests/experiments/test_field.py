"""The trials of each loss, and what is read of their runs."""

import json

from experiments.field import LOSSES, SCORE, results, score, trials


def test_trials_are_the_defaults_then_the_same_draws_each_time():
    for loss, (_, space) in LOSSES.items():
        first, *others = trials(loss, 3)
        assert first == []
        assert others == trials(loss, 3)[1:]
        for settings in others:
            assert {setting.partition("=")[0] for setting in settings} == {"optimizer.lr", *space}
    assert trials("icv", 2)[1] != trials("icv_raw", 2)[1]
    rates = [float(settings[0].partition("=")[2]) for settings in trials("icv", 30)[1:]]
    assert 3e-4 <= min(rates) < 1e-3 < 3e-3 < max(rates) <= 1e-2


def test_completed_runs_alone_and_the_score_of_the_last_epoch(tmp_path):
    for name, status in (("a", "completed"), ("b", "failed")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps({"status": status}))
        (tmp_path / name / "metrics.csv").write_text(f"epoch,{SCORE}\n1,0.5\n2,0.25\n3,\n")
    assert [found["folder"].name for found in results(tmp_path)] == ["a"]
    assert score(tmp_path / "a") == 0.25
    (tmp_path / "a" / "metrics.csv").write_text("epoch,step\n1,10\n")
    assert score(tmp_path / "a") == -1
