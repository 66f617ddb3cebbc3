"""Loading a checkpoint alone: no configuration beside it, no code in it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_class

from icv_lightning.data.picture import PictureInput
from icv_lightning.errors import UserError
from icv_lightning.instantiate import module_of
from icv_lightning.module import ClassifierModule
from icv_lightning.record import read_results

OWN = ("icv_lightning.nets.", "icv_lightning.centroids.", "icv_lightning.losses.")


def load_checkpoint(
    path: str | Path, map_location: str = "cpu", trusted: Sequence[str] = ()
) -> ClassifierModule:
    """Return the module that `path` (a run's checkpoints/last.ckpt) holds, in evaluation mode.

    The file is read with `weights_only=True`, and only classes of this package's networks, centroid
    rules and losses are built, whatever names it holds.

    Args:
        path: the checkpoint.
        map_location: device of the parameters.
        trusted: more module prefixes whose classes may be built, e.g. "mylab.nets.".

    Raises:
        UserError: a file that cannot be read so, is not of this package, or names another class.
    """
    return module_in(read_checkpoint(path, map_location), path, trusted).to(map_location)


def read_checkpoint(path: str | Path, map_location: str = "cpu") -> dict[str, Any]:
    """Return the content of a checkpoint, tensors and primitives alone; raises as `load_checkpoint`."""
    try:
        content = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is not its own
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: not a checkpoint that can be loaded safely ({reason})") from error
    try:
        _ = content["hyper_parameters"]["config"], content["state_dict"]
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: not a checkpoint of icv_lightning") from error
    return content


def check_fits(module: ClassifierModule, path: Path) -> None:
    """Raise `UserError` where `path` cannot be read safely, or holds another model than `module`."""
    content = read_checkpoint(path)
    try:
        module.load_state_dict(content["state_dict"])
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: does not fit this configuration's model ({reason})") from error


def module_in(content: Mapping[str, Any], path: str | Path, trusted: Sequence[str] = ()) -> ClassifierModule:
    """Return the module that a checkpoint's content holds, to predict with; raises as `load_checkpoint`."""
    config = content["hyper_parameters"]["config"]
    for target in targets(config):
        _check_class(path, target, (*OWN, *trusted))
    module = module_of(config, optimizer=None)
    module.load_state_dict(content["state_dict"])
    return module.eval()


def trained_for(content: Mapping[str, Any], path: str | Path) -> tuple[list[str], PictureInput]:
    """Return the class names and what pictures are brought to; of an older checkpoint from its run.

    Raises:
        UserError: neither the checkpoint nor the run says what its network takes.
    """
    data, config = content.get("data", {}), content["hyper_parameters"]["config"]
    if "picture_input" in data:
        return data["class_names"], PictureInput(**data["picture_input"])
    results = read_results(Path(path).absolute().parent.parent) or {}
    net, names = config["model"]["net"], data.get("class_names", results.get("class_names"))
    if not isinstance(names, list) or len(names) != config["num_classes"]:
        names = range(config["num_classes"])
    try:
        size, crop = net["image_size"], results.get("config", {}).get("data", {}).get("crop")
        found = PictureInput(net["channels"], size, net.get("image_width") or size, crop)
    except KeyError as error:
        raise UserError(f"{path}: does not say the {error.args[0]} of what its network takes") from error
    return [str(name) for name in names], found


def targets(node: Any) -> Iterator[Any]:
    """Yield every `_target_` in nested primitives."""
    if isinstance(node, Mapping):
        yield from (value for key, value in node.items() if key == "_target_")
        node = list(node.values())
    if isinstance(node, list | tuple):
        for value in node:
            yield from targets(value)


def _check_class(path: str | Path, target: Any, prefixes: tuple[str, ...]) -> None:
    if isinstance(target, str) and f"{target}.".startswith(prefixes):
        try:
            found = get_class(target)
        except (ImportError, ValueError, AttributeError):
            found = None
        if found and issubclass(found, torch.nn.Module) and f"{found.__module__}.".startswith(prefixes):
            return
    raise UserError(
        f"{path}: names {target!r}, which is none of this package's networks, centroid rules or losses"
    )
