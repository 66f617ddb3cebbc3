"""Checkpoints read safely: tensors and primitives alone, no code."""

from pathlib import Path
from typing import Any

from icv_lightning.errors import UserError, reason


def read_checkpoint(path: str | Path, map_location: str = "cpu") -> dict[str, Any]:
    """Return the content of a checkpoint, tensors and primitives alone.

    Raises:
        UserError: a file that cannot be read so, or is not of this package.
    """
    import torch

    try:
        content = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is not its own
        raise UserError(f"{path}: not a checkpoint that can be loaded safely ({reason(error)})") from error
    try:
        _ = content["hyper_parameters"]["config"], content["state_dict"]
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: not a checkpoint of icv_lightning") from error
    return content
