"""A run's own settings for another one: `--rerun FOLDER` and `--like FOLDER key=value…`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from omegaconf import OmegaConf

from icv_lightning.configuration.short_words import key_in
from icv_lightning.errors import UserError, reason
from icv_lightning.records.trust import check_plain
from icv_lightning.terminal.exit_status import refuse

RECORDED = Path(".hydra") / "overrides.yaml"


class Again(NamedTuple):
    """A command line in full.

    Attributes:
        argv: the arguments typed, after the recorded overrides of the other run.
        cell: name of the cell that the command must compose; None for any.
    """

    argv: list[str]
    cell: str | None


def expanded(argv: Sequence[str]) -> Again:
    """Write out `--rerun FOLDER` or `--like FOLDER`: the overrides that the run in FOLDER was started with.

    A key that is given anew takes the place of the recorded one.

    Raises:
        UserError: a folder that holds no run, or both options.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--rerun", type=Path, metavar="FOLDER")
    either.add_argument("--like", type=Path, metavar="FOLDER")
    parser.error = refuse  # type: ignore[method-assign]
    own, rest = parser.parse_known_args(list(argv))
    folder = own.rerun or own.like
    if folder is None:
        return Again(list(argv), None)
    given = {key_in(word) for word in rest}
    kept = [word for word in _recorded(folder) if key_in(word) not in given]
    return Again([*kept, *rest], folder.resolve().name if own.rerun else None)


def check_same(again: Again, cells: Sequence[str]) -> None:
    """Raise `UserError` where `--rerun` composes another cell than that of the run."""
    others = [cell for cell in cells if again.cell not in (None, cell)]
    if others:
        raise UserError(
            f"--rerun {again.cell}: with the defaults of today these settings are another run, {others[0]}; "
            "--like FOLDER starts that"
        )


def _recorded(folder: Path) -> list[str]:
    path = folder / RECORDED
    try:
        found = OmegaConf.to_container(OmegaConf.load(path))
    except Exception as error:  # no such file, no YAML, no UTF-8
        raise UserError(f"{folder}: holds no run that can be started again ({reason(error)})") from error
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise UserError(f"{path}: must be a list of key=value")
    check_plain(found, path)
    return found
