"""Where a run starts: from new weights, its own last checkpoint, or a given one of equal settings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.provenance import HOW_TO_RETRAIN, check_provenance, contents_changed
from icv_lightning.errors import UserError, reason
from icv_lightning.nested import select
from icv_lightning.records.checkpoints import checkpoint_file, read_checkpoint
from icv_lightning.records.metrics_file import read_metrics
from icv_lightning.records.results import read_results
from icv_lightning.records.trust import check_plain

if TYPE_CHECKING:
    from icv_lightning.data import ImageDataModule
    from icv_lightning.module import ClassifierModule

# A given checkpoint is given for more epochs, or to go on with other devices.
MACHINE = ("trainer.accelerator", "trainer.devices", "trainer.strategy")
FREE = frozenset({"ckpt_path", "trainer.max_epochs", *MACHINE})
TIMED = frozenset({"trainer.max_epochs"})  # not free where a schedule has run its course
MAX_LISTED = 5
TRAINING = ("epoch", "global_step", "loops", "optimizer_states")


def starting_point(cell: Identity, folder: Path) -> tuple[Path | None, bool]:
    """Return the checkpoint that a run in `folder` starts from, or None, and whether it is the run's own.

    That it is there was checked before (`configuration.paths.check_starting_point`).

    Raises:
        UserError: a file that cannot be read, or of a run with other settings.
    """
    own, given = folder / "checkpoints" / "last.ckpt", cell.config["ckpt_path"]
    if own.exists() and not cell.config["force"]:
        check_settings(cell, own)
        _readable(read_metrics, folder)  # or the rows of the epochs before would be lost
        return own, True
    if given in (None, "last"):
        return None, False
    path = checkpoint_file(Path(given))
    check_settings(cell, path, FREE - TIMED if _is_timed(cell.config) else FREE)
    return path, False


def _is_timed(config: Mapping[str, Any]) -> bool:
    """Tell whether the learning rate or λ at a step depends on the run's length."""
    keys = ("scheduler.length", "scheduler.warmup", "loss.warmup")
    return any(select(config, key, None) for key in keys)


def _readable(read: Callable[[Path], Any], path: Path) -> Any:
    """Return what `read` gives; say what to do where it raises `UserError`, before anything is trained."""
    try:
        return read(path)
    except UserError as error:
        raise UserError(f"{error}; remove it, or start anew with force=true") from error


def check_settings(cell: Identity, path: Path, free: frozenset[str] = frozenset()) -> None:
    """Raise `UserError` unless the run that left `path` had these settings, the `free` ones aside."""
    content = _readable(read_checkpoint, path)
    before, now = content.get("settings"), cell.settings
    check_plain([before, content["hyper_parameters"]["config"]], path)
    if not isinstance(before, Mapping) or not before:
        raise UserError(f"{path}: does not say which settings it was trained with")
    unlike = [key for key in sorted({*before, *now} - free) if before.get(key) != now.get(key)]
    if unlike:
        said = [
            f"{key} is {_text(before, key)} there, {_text(now, key)} asked for" for key in unlike[:MAX_LISTED]
        ]
        more = [f"{len(unlike) - MAX_LISTED} more differ"] * (len(unlike) > MAX_LISTED)
        raise UserError(f"{path}: a checkpoint of another configuration: {'; '.join([*said, *more])}")
    check_provenance(content.get("provenance"), cell.config, f"{path}: cannot go on", HOW_TO_RETRAIN)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key, "not set")
    return f"{value:g}" if isinstance(value, float) else "null" if value is None else str(value)


def check_completed(cell: Identity) -> None:
    """Refuse a completed record of other images than a user's own data set gives, which is loaded for that.

    Raises:
        UserError: naming what changed.
    """
    data, folder = cell.config["data"], Path(cell.config["paths"]["run"])
    if str(data.get("_target_")).startswith("icv_lightning.") or cell.config["force"]:
        return
    results = read_results(folder) or {}
    recorded = results.get("provenance")
    if results.get("status") != "completed" or not (isinstance(recorded, Mapping) and recorded.get("data")):
        return
    import lightning as L

    from icv_lightning.building import build_datamodule

    L.seed_everything(cell.config["seed"], workers=True, verbose=False)  # as before training
    found = build_datamodule(OmegaConf.create(dict(cell.config)))
    found.setup()
    if said := contents_changed(recorded, found):
        raise UserError(f"{folder}: completed before: {'; '.join(said)}; {HOW_TO_RETRAIN}")


def check_fits(module: "ClassifierModule", data: "ImageDataModule", path: Path) -> None:
    """Raise `UserError` where `path` cannot be read safely, holds another model or was trained on others."""
    content = read_checkpoint(path)
    if said := contents_changed(content.get("provenance"), data):
        raise UserError(f"{path}: cannot go on: {'; '.join(said)}; {HOW_TO_RETRAIN}")
    if absent := [key for key in TRAINING if key not in content]:
        raise UserError(f"{path}: holds no training to go on with, has no {', '.join(absent)}")
    try:
        module.load_state_dict(content["state_dict"])
    except Exception as error:  # of tensors that are none, or of other shapes
        raise UserError(f"{path}: does not fit this configuration's model ({reason(error)})") from error
