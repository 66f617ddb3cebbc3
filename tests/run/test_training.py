"""Training one cell: how a setting reaches the object that it is for."""

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import icv_lightning
from icv_lightning.losses import CombinedLoss

PACKAGE = Path(icv_lightning.__file__).parent


def test_few_functions_stand_between_the_command_and_a_constructor(
    main: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    original = CombinedLoss.__init__

    def constructor(self: CombinedLoss, *args: object, **options: object) -> None:
        stack = traceback.extract_stack()[:-1]
        seen.extend(frame.name for frame in stack if Path(frame.filename).is_relative_to(PACKAGE))
        original(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(CombinedLoss, "__init__", constructor)
    assert main("trainer.max_epochs=1", "+trainer.fast_dev_run=true") == 0
    assert seen == ["main", "run_one", "job", "train", "build_module"]
