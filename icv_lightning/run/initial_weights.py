"""Weights that a new run takes over from another run's checkpoint (`init_from`)."""

import hashlib
import logging
from pathlib import Path
from typing import Any

from torch import Tensor

from icv_lightning.data import ImageDataModule
from icv_lightning.errors import UserError
from icv_lightning.module import ClassifierModule
from icv_lightning.records.checkpoints import read_checkpoint

log = logging.getLogger(__name__)
MAX_LISTED = 5


def take_weights(module: ClassifierModule, data: ImageDataModule, path: Path) -> None:
    """Load the tensors of a checkpoint that fit; say what was taken, and keep that in `module.initial`.

    Tensors fit by name and shape. What belongs to classes (head, centroids, parameters of the loss) fits only
    where the classes have the same names in the same order. The standardising constants are the checkpoint's.

    Args:
        module: module whose parameters and buffers are changed.
        data: data module of the new run.
        path: path of the checkpoint.

    Raises:
        UserError: a file that is no checkpoint, or nothing of its network fits.
    """
    content = read_checkpoint(path)
    there, here = content["state_dict"], module.state_dict()
    names = content.get("data", {}).get("class_names")
    same_classes = names == [str(name) for name in data.class_names]
    why = {name: _unfit(name, value, there.get(name), same_classes) for name, value in here.items()}
    taken = {name: there[name] for name, cause in why.items() if cause is None}
    if not any(name.startswith("net.") for name in taken):
        raise UserError(f"init_from={path}: no tensor of its network fits this one, see model=…")
    module.load_state_dict(taken, strict=False)
    module.keeps_constants = True
    new = {name: cause for name, cause in why.items() if cause}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    module.initial = {"sha256": digest, "epoch": content["epoch"] + 1, "taken": len(taken), "new": new}
    log.warning("init_from=%s: %s", path, _told(module.initial))


def _told(initial: dict[str, Any]) -> str:
    """Return what was taken and what was not, in one line."""
    taken, new = initial["taken"], [f"{name} ({cause})" for name, cause in initial["new"].items()]
    more = [f"{len(new) - MAX_LISTED} more"] * (len(new) > MAX_LISTED)
    starts = f"; these start anew: {', '.join([*new[:MAX_LISTED], *more])}" if new else ""
    return f"{taken} of {taken + len(new)} tensors taken{starts}"


def _unfit(name: str, here: Tensor, there: Any, same_classes: bool) -> str | None:
    """Return why a tensor starts anew, None where the checkpoint's is taken."""
    if not isinstance(there, Tensor):
        return "not there"
    if there.shape != here.shape:
        return f"{_shape(there)} there, {_shape(here)} here"
    return None if same_classes or name.startswith("net.") else "other classes"


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
