"""Which file is a run's checkpoint, and its content read safely: tensors and primitives alone, no code."""

import warnings
from pathlib import Path
from typing import Any

from icv_lightning.errors import UserError, reason
from icv_lightning.records.results import read_results


def read_checkpoint(path: str | Path, map_location: str = "cpu") -> dict[str, Any]:
    """Return the content of a checkpoint, tensors and primitives alone.

    Raises:
        UserError: a file that cannot be read so, or is not of this package.
    """
    import torch

    try:
        with warnings.catch_warnings(action="ignore"):  # of a file that is not its own
            content = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is not its own
        raise UserError(f"{path}: not a checkpoint that can be loaded safely ({reason(error)})") from error
    try:
        _ = content["hyper_parameters"]["config"], content["state_dict"]
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: not a checkpoint of icv_lightning") from error
    return content


def checkpoint_file(path: Path) -> Path:
    """Return the checkpoint that `path` is; of a run's folder the one that its final test measured.

    Raises:
        UserError: a folder without that checkpoint.
    """
    if not path.is_dir():
        return path
    best = (read_results(path) or {}).get("weights") == "best"
    found = path / "checkpoints" / ("best.ckpt" if best else "last.ckpt")
    if not found.is_file():
        raise UserError(f"{path}: there is no checkpoints/{found.name}")
    return found
