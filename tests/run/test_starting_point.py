"""Where a run starts, and which checkpoint it may start from."""

from pathlib import Path
from typing import Any

import pytest
import torch

from icv_lightning.configuration.identity import Identity
from icv_lightning.errors import UserError
from icv_lightning.records.checkpoints import read_checkpoint
from icv_lightning.run.starting_point import FREE, check_settings, starting_point


@pytest.fixture
def cell(checkpoint: Path) -> Identity:
    """The cell that left the checkpoint."""
    settings = read_checkpoint(checkpoint)["settings"]
    return asked(settings)


def asked(settings: dict[str, Any], **config: Any) -> Identity:
    found = Identity({"ckpt_path": None, "force": False, "data": {}, **config}, {})
    found.__dict__["settings"] = settings
    return found


def test_a_run_starts_anew_or_goes_on_from_its_own_last_checkpoint(cell, checkpoint: Path, tmp_path: Path):
    assert starting_point(cell, tmp_path) == (None, False)
    own = checkpoint.parent.parent
    assert starting_point(cell, own) == (checkpoint, True)
    assert starting_point(asked(cell.settings, force=True), own) == (None, False)
    given = asked(cell.settings, ckpt_path=str(checkpoint))
    assert starting_point(given, tmp_path) == (checkpoint, False)


def test_settings_that_differ_are_listed_up_to_five(cell, checkpoint: Path):
    other = cell.settings | {f"key{n}": float(n) for n in range(7)}
    with pytest.raises(UserError, match=r"key0 is not set there, 0 asked for; .*key4.*; 2 more differ$"):
        check_settings(asked(other), checkpoint)


def test_only_length_and_devices_are_free(cell, checkpoint: Path):
    more = cell.settings | {"trainer.max_epochs": 9.0, "trainer.accelerator": "gpu"}
    check_settings(asked(more), checkpoint, FREE)
    with pytest.raises(UserError, match=r"trainer\.max_epochs is 1 there, 9 asked for"):
        check_settings(asked(more), checkpoint, FREE - {"trainer.max_epochs"})


def test_a_checkpoint_without_settings_is_refused(checkpoint: Path, tmp_path: Path, cell):
    content = read_checkpoint(checkpoint)
    del content["settings"]
    torch.save(content, tmp_path / "x.ckpt")
    with pytest.raises(UserError, match="does not say which settings it was trained with"):
        check_settings(cell, tmp_path / "x.ckpt")
