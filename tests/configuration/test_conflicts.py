"""Settings that are right alone and wrong together."""

import pytest

from icv_lightning.configuration.conflicts import check_devices, check_trainer
from icv_lightning.errors import UserError


def settings(fused: bool = True, sparse: bool = False, eps: float | None = 1e-8, **trainer) -> dict:
    algorithm, layer = {"fused": fused, "eps": eps}, {"sparse": sparse}
    return {"trainer": trainer, "optimizer": {"algorithm": algorithm}, "centroids": {"layer": layer}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"limit_val_batches": 1}, r"trainer.limit_val_batches=1: would leave a part unmeasured; data.mon"),
        ({"limit_val_batches": 0}, r"trainer.limit_val_batches=0: would leave"),
        ({"limit_test_batches": 0.5}, r"trainer.limit_test_batches=0.5: .* trainer.fast_dev_run=true tries"),
        (
            {"gradient_clip_algorithm": "value", "sparse": True},
            r"trainer.gradient_clip_algorithm=value: must be norm with centroids.layer.sparse=true",
        ),
        (
            {"precision": "16-true", "fused": False},
            r"optimizer.algorithm.eps=1e-08: is 0 in trainer.precision=16-true; must be at least 1e-07",
        ),
        ({"max_time": "00:01:00:00"}, r"trainer.max_time=00:01:00:00: a run that the clock ends is another"),
        ({"min_epochs": 5, "max_epochs": 2}, r"trainer.min_epochs=5: must be at most trainer.max_epochs=2"),
        ({"barebones": True}, r"trainer.barebones=True: leaves out checkpoints and metrics"),
        ({"overfit_batches": 1}, r"trainer.overfit_batches=1: .* data.train_size takes fewer images"),
        (
            {"gradient_clip_val": 1.0, "precision": "16-mixed"},
            r"trainer.gradient_clip_val=1.0: with trainer.precision=16-mixed needs optimizer",
        ),
    ],
)
def test_what_would_fail_or_measure_less(given, message):
    with pytest.raises(UserError, match=message):
        check_trainer(settings(**given))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"limit_val_batches": 1.0, "limit_test_batches": None},
        {"gradient_clip_val": 1.0, "precision": "bf16-mixed"},
        {"gradient_clip_algorithm": "norm", "sparse": True},
        {"precision": "16-true", "fused": False, "eps": 1e-7},
        {"precision": "16-true", "fused": False, "eps": None},
        {"precision": "16-true"},
        {"min_epochs": 2, "max_epochs": 2},
        {"gradient_clip_val": None, "precision": "16-mixed"},
        {"gradient_clip_val": 1.0, "precision": "16-mixed", "fused": False},
    ],
)
def test_what_is_right(given):
    check_trainer(settings(**given))


def test_several_machines_are_not_waited_for_alone(monkeypatch):
    for key in ("WORLD_SIZE", "SLURM_NTASKS"):
        monkeypatch.delenv(key, raising=False)
    config = {"trainer": {"accelerator": "cpu", "devices": 1, "num_nodes": 2}, "data": {"batch_size": 64}}
    with pytest.raises(UserError, match=r"trainer.num_nodes=2: would wait for the others; start it with tor"):
        check_devices(config, multirun=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    check_devices(config, multirun=False)
