"""Whether a run's folder can be written to and its starting point is there, before anything is loaded."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from icv_lightning.declarations.value_types import WORDS, is_text
from icv_lightning.errors import UserError
from icv_lightning.records.checkpoints import checkpoint_file

FILES = ("run.log", ".lock", "results.json", "metrics.csv")  # that a run writes
MAX_NAME_BYTES = 255  # bytes of a file's or folder's name, on every usual file system


def check_place(config: Mapping[str, Any]) -> None:
    """Raise `UserError` where `paths.run` cannot be made or written to; nothing is left behind."""
    paths = config["paths"]
    if not is_text(paths["run"]):
        raise UserError(f"paths.run={paths['run']}: must be {WORDS['text']}")
    if paths["records"] and not Path(paths["records"]).is_dir():
        raise UserError(f"paths.records={paths['records']}: there is no such folder")
    if trouble := _trouble(paths["run"]):
        raise UserError(f"paths.outputs={paths['outputs']} name={config['name']}: {trouble}")


def check_starting_point(config: Mapping[str, Any]) -> None:
    """Raise `UserError` where `ckpt_path` or `init_from` is not there or no checkpoint, or both are given."""
    last, given = Path(config["paths"]["run"]) / "checkpoints" / "last.ckpt", config["ckpt_path"]
    if given == "last" and not last.exists():
        raise UserError(f"ckpt_path=last: there is no {last}")
    if given not in (None, "last"):
        _check_file("ckpt_path", given)
    if start := config.get("init_from"):
        if given is not None:
            raise UserError(
                f"init_from={start}: starts a new run, ckpt_path={given} goes on; give one of them"
            )
        _check_file("init_from", start)


def _check_file(key: str, given: str) -> None:
    try:
        found = checkpoint_file(Path(given))
        there = found.is_file()
    except UserError as error:  # a folder without checkpoint
        raise UserError(f"{key}={error}") from error
    except OSError:  # a name that is too long
        there = False
    if not there:
        raise UserError(f"{key}={given}: there is no such file")
    if not zipfile.is_zipfile(found):
        raise UserError(f"{key}={given}: not a checkpoint")


def _trouble(folder: str) -> str:
    """Return why files cannot be written in `folder`, or where it will be made; empty where they can."""
    if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in Path(folder).parts):
        return f"a name of more than {MAX_NAME_BYTES} bytes"
    try:
        places = (Path(folder), *Path(folder).parents)
        if broken := [path for path in places if path.is_symlink() and not path.exists()]:
            return f"{broken[0]} is a link that leads nowhere"
        if taken := [path for name in FILES if (path := Path(folder) / name).is_dir()]:
            return f"{taken[0]} is a folder, and must be a file"
        nearest = next(path for path in places if path.exists())
        if not nearest.is_dir():
            return f"{nearest} is not a folder"
        with tempfile.TemporaryFile(dir=nearest):
            return ""
    except OSError as error:
        return f"cannot be written ({os.strerror(error.errno or 0)})"
