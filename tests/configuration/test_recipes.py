"""Choices of a recipe that do not fit each other: one line, before anything is loaded."""

from pathlib import Path

import pytest

from icv_lightning.configuration import checks
from icv_lightning.errors import UserError

pytestmark = pytest.mark.usefixtures("empty_folder")
BAD = {
    "callbacks=best": "callbacks.best.monitor=val/acc: needs a validation part, e.g. data.val_size=5000",
    "callbacks=[best,early_stopping]": "callbacks.best.monitor=val/acc: needs a validation part",
    "callbacks=early_stopping": "callbacks.early_stopping.monitor=val/loss: needs a validation part",
    "callbacks=best callbacks.best.monitor=test/acc": "callbacks.best.monitor=test/acc: must be "
    "a key of the validation part; nothing is selected on test",
    "+callbacks.stop={_target_:lightning.pytorch.callbacks.EarlyStopping,monitor:test/loss}": "callbacks."
    "stop.monitor=test/loss: must be a key of the validation part",
    "scheduler=plateau": "scheduler.monitor=val/loss: needs a validation part",
    "data.sampling=balanced loss.class_weights=balanced": "loss.class_weights=balanced: "
    "data.sampling=balanced corrects the same again",
    "data.sampling=balanced data.per_class=4": "data.sampling=balanced: batches of data.per_class=4 are",
    "loss.class_weights=[1,2]": "loss.class_weights: must be 10 numbers, one for each class, got 2",
    "loss.class_weights=[1,-2]": "loss.class_weights=[1, -2]: must be balanced, or a list of two or",
    "loss.warmup=2": "loss.warmup=2: must be a finite number of at least 0 and at most 1",
    "model.freeze=true": "model.freeze=true: the network would stay as it was drawn; give init_from=",
    "init_from=nowhere.ckpt": "init_from=nowhere.ckpt: there is no such file",
    "scheduler=cosin": "scheduler=cosin: unknown, must be one of cosine, linear, none, one_cycle",
    "data/augment=crop": "data/augment=crop: unknown, must be one of crop_flip, digits, faces",
    "loss=metric_learning loss.label_smoothing=0.1": "unknown key loss.label_smoothing",
}


@pytest.mark.parametrize("overrides", BAD)
def test_what_does_not_fit_is_said(overrides: str) -> None:
    with pytest.raises(UserError) as error:
        checks.check(["data=digits", *overrides.split()])
    assert str(error.value).startswith(BAD[overrides])
    assert "\n" not in str(error.value)


def test_a_run_starts_anew_or_goes_on_but_not_both(tmp_path: Path, checkpoint: Path) -> None:
    with pytest.raises(UserError, match=r"^init_from=.*: starts a new run, ckpt_path=.* goes on; give one"):
        checks.check([f"init_from={checkpoint}", f"ckpt_path={checkpoint}"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"^init_from=empty: there is no checkpoints/last\.ckpt"):
        checks.check(["init_from=empty"])
    checks.check(["data=digits", f"init_from={checkpoint.parent.parent}", "model.freeze=true"])


def test_recipes_that_fit() -> None:
    checks.check(["callbacks=[best,early_stopping]", "data.val_size=5000", "scheduler=plateau"])
    checks.check(["-m", "optimizer=adam,adamw,sgd", "scheduler=none,cosine,linear,step,one_cycle"])
    checks.check(["-m", "data/augment=none,crop_flip,digits,faces,randaugment", "data.channels=3"])
    checks.check(["loss.class_weights=[1,1,1,1,1,1,1,1,1,2]", "loss.label_smoothing=0.1"])
