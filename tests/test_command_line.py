"""Arguments that several commands share."""

import argparse
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from icv_lightning.command_line import add_checkpoint, load, number, status_of, with_trust
from icv_lightning.errors import UserError
from icv_lightning.records import trust


@pytest.mark.parametrize(
    ("kind", "low", "below", "text", "value"),
    [(int, 1, math.inf, "3", 3), (float, 0, 1, "0", 0.0), (float, 0, 1, "0.99", 0.99)],
)
def test_numbers_in_range(kind: Any, low: float, below: float, text: str, value: float) -> None:
    assert number(kind, low, below)(text) == value


@pytest.mark.parametrize(
    ("kind", "low", "below", "text", "said"),
    [
        (int, 1, math.inf, "0", "0: must be an integer of at least 1"),
        (int, 1, math.inf, "1.5", "1.5: must be an integer of at least 1"),
        (float, 0, 1, "1", "1: must be a number of at least 0 and below 1"),
        (float, 0, 1, "nan", "nan: must be a number of at least 0 and below 1"),
        (float, 0, 1, "x", "x: must be a number of at least 0 and below 1"),
    ],
)
def test_other_numbers_are_refused(kind: Any, low: float, below: float, text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as error:
        number(kind, low, below)(text)
    assert str(error.value) == said


def test_a_folder_without_a_checkpoint_is_refused_by_the_parser(tmp_path: Path, capsys) -> None:
    parser = argparse.ArgumentParser()
    add_checkpoint(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--checkpoint", str(tmp_path)])
    assert f"{tmp_path}: there is no checkpoints/last.ckpt" in capsys.readouterr().err


def test_trust_holds_while_the_command_runs_and_no_longer() -> None:
    seen = []

    def command(arguments: argparse.Namespace) -> int:
        seen.append(trust._trusted.get())
        return 3

    assert with_trust(command)(argparse.Namespace(trust=["mylab.nets"])) == 3
    assert seen == [("mylab.nets.",)]
    assert trust._trusted.get() == ()


def test_a_device_that_is_not_there_is_named(checkpoint: Path) -> None:
    with pytest.raises(UserError, match=r"^--device nosuch: "):
        load(checkpoint, "nosuch")
    assert load(checkpoint, "auto", 7).batch_size == 7


@pytest.mark.parametrize(("unreadable", "status"), [(0, 0), (2, 1)])
def test_files_that_cannot_be_read_make_the_status_1(unreadable: int, status: int, capsys) -> None:
    files: Any = SimpleNamespace(unreadable=unreadable, files=["a", "b", "c"])
    assert status_of(files) == status
    assert capsys.readouterr().err == ("2 of 3 files could not be read\n" if status else "")
