"""Loading a checkpoint alone: no configuration beside it, no code in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from icv_lightning.building import build_module
from icv_lightning.data.picture import PictureInput
from icv_lightning.errors import UserError, reason
from icv_lightning.module import ClassifierModule
from icv_lightning.records.checkpoints import read_checkpoint
from icv_lightning.records.results import read_results
from icv_lightning.records.trust import check_foreign, trusting

OWN = ("icv_lightning.nets.", "icv_lightning.centroids.", "icv_lightning.losses.")


def load_checkpoint(
    path: str | Path, map_location: str = "cpu", trusted: str | Sequence[str] = ()
) -> ClassifierModule:
    """Return the module that `path` (a run's checkpoints/last.ckpt) holds, in evaluation mode.

    The file is read with `weights_only=True`, and only classes of this package's networks, centroid
    rules and losses are built, whatever names it holds.

    Args:
        path: the checkpoint.
        map_location: device of the parameters.
        trusted: more modules whose classes may be built, e.g. "mylab.nets".

    Raises:
        UserError: a file that cannot be read so, is not of this package, or names another class.
    """
    return module_in(read_checkpoint(path, map_location), path, trusted).to(map_location)


def module_in(
    content: Mapping[str, Any], path: str | Path, trusted: str | Sequence[str] = ()
) -> ClassifierModule:
    """Return the module that a checkpoint's content holds, to predict with; raises as `load_checkpoint`."""
    config = content["hyper_parameters"]["config"]
    among = "this package's networks, centroid rules or losses"
    with trusting(trusted):
        check_foreign(config, path, OWN, torch.nn.Module, among)
    try:
        module = build_module(_without_downloads(config), optimizer=None)
        module.load_state_dict(content["state_dict"])
    except Exception as error:  # whatever constructors raise for settings of a file that was altered
        raise UserError(f"{path}: its model cannot be built ({reason(error)})") from error
    return module.eval()


def trained_for(content: Mapping[str, Any], path: str | Path) -> tuple[list[str], PictureInput]:
    """Return the class names and what pictures are brought to; of an older checkpoint from its run.

    Raises:
        UserError: neither the checkpoint nor the run says what its network takes, or what they say cannot be.
    """
    data, config = content.get("data", {}), content["hyper_parameters"]["config"]
    results = read_results(Path(path).absolute().parent.parent) or {}
    try:
        names = data.get("class_names", results.get("class_names"))
        if not isinstance(names, list) or len(names) != config["num_classes"]:
            names = range(config["num_classes"])
        if "picture_input" in data:
            found = PictureInput(**data["picture_input"])
        else:
            net, crop = config["model"]["net"], results.get("config", {}).get("data", {}).get("crop")
            size = net["image_size"]
            found = PictureInput(net["channels"], size, net.get("image_width") or size, crop)
    except KeyError as error:
        raise UserError(f"{path}: lacks the {error.args[0]} of its network's input") from error
    except (AttributeError, TypeError) as error:
        raise UserError(f"{path}: its description of pictures cannot be read ({reason(error)})") from error
    if not found.possible:
        raise UserError(f"{path}: no network takes pictures of {tuple(found)}")
    return [str(name) for name in names], found


def _without_downloads(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration without pretrained weights: the checkpoint's own state takes their place."""
    net = config["model"]["net"]
    own = {**net, "weights": None} if "weights" in net else net
    return {**config, "model": {**config["model"], "net": own}}
