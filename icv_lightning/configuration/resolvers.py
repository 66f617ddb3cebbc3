"""What `${...:}` in conf/ computes: the cell's name, numbers of classes, and this machine's hardware."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from icv_lightning import hardware
from icv_lightning.configuration.identity import cell_name
from icv_lightning.data.folders import class_folders
from icv_lightning.data.identities import count_identities, orl_count
from icv_lightning.errors import UserError


def count_classes(folder: str) -> int:
    """Return the number of class folders in `folder/train`, or in `folder` where there is no `train`.

    Raises:
        UserError: fewer than two, or not a folder.
    """
    path = Path(folder).expanduser()
    try:
        names = class_folders(path / "train" if (path / "train").is_dir() else path)
    except UserError as error:
        raise UserError(f"data.root={error}") from error
    if len(names) < 2:
        raise UserError(f"data.root={folder}: needs at least two class folders, found {names}")
    return len(names)


def class_count(
    classes: Sequence[int] | None, available: int | Mapping[str, int], subset: str | None = None
) -> int:
    """Return the number of `classes` that a run keeps of those `available` (in `subset`), all for None.

    Raises:
        UserError: a class or a subset that there is not.
    """
    if isinstance(available, Mapping):
        if subset is None or subset not in available:
            raise UserError(f"data.subset={subset}: must be one of {', '.join(map(str, available))}")
        available = available[subset]
    if classes is None:
        return available
    if strangers := [k for k in classes if k >= available]:
        raise UserError(f"data.classes={list(classes)}: has {strangers}, must be from 0 to {available - 1}")
    return len(classes)


def register_resolvers() -> None:
    """Make the resolvers of `conf/` known to OmegaConf: `${cell:}`, counts of classes, and hardware."""

    def cell(*, _root_: DictConfig) -> str:
        return cell_name(_root_)

    OmegaConf.register_new_resolver("cell", cell, replace=True)
    OmegaConf.register_new_resolver("class_count", class_count, replace=True)
    OmegaConf.register_new_resolver("count_classes", count_classes, replace=True)
    for function in (
        count_identities,
        orl_count,
        hardware.cells_at_once,
        hardware.threads_each,
        hardware.default_gpu_share,
        hardware.eval_batch_size,
        hardware.fast_precision,
        hardware.cores,
        hardware.visible_gpus,
    ):
        OmegaConf.register_new_resolver(function.__name__, function, replace=True)
