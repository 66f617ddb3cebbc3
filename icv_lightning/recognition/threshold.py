"""The threshold of rejection, chosen on images of known classes that training did not see."""

from pathlib import Path

import torch
from torch import Tensor

from icv_lightning.building import recorded_datamodule
from icv_lightning.configuration.provenance import contents_changed, pictures_changed
from icv_lightning.data.folders import PictureFinder
from icv_lightning.errors import UserError
from icv_lightning.recognition.embedding_model import EmbeddingModel
from icv_lightning.recognition.picture_files import PictureFiles
from icv_lightning.records.places import data_settings
from icv_lightning.records.results import read_results


def fitted_threshold(
    model: EmbeddingModel, checkpoint: Path, false_rejection_rate: float, folder: Path | None = None
) -> tuple[float, int]:
    """Return a threshold by `EmbeddingModel.fit_threshold` on the validation images, and their number.

    Args:
        model: the model in `checkpoint`.
        checkpoint: `<run>/checkpoints/last.ckpt`; `<run>/results.json` says what the run's data were.
        false_rejection_rate: share of known pictures to reject, in [0, 1).
        folder: `<class>/` folders of pictures; None for the validation part of the run.

    Raises:
        UserError: no validation part, or a folder with a class that the model does not know.
    """
    images, names = _of_run(model, checkpoint) if folder is None else _of_folder(model, folder)
    return model.fit_threshold(images, names, false_rejection_rate), len(names)


def rejected(model: EmbeddingModel, folder: Path, threshold: float) -> tuple[int, int]:
    """Return how many pictures below `folder` the threshold calls unknown, and how many there are."""
    found = [
        model.predict(images, threshold).unknown for _, images in PictureFiles([folder], model.picture_input)
    ]
    unknown = torch.cat(found) if found else torch.empty(0)
    return int(unknown.sum()), len(unknown)


def _of_folder(model: EmbeddingModel, folder: Path) -> tuple[Tensor, list[str]]:
    found, names = [], []
    finder = PictureFinder()
    for name in finder.folders(folder):
        if name not in model.names:
            raise UserError(f"--validation {folder}: {name} is none of the model's classes")
        for files, images in PictureFiles(finder.pictures(folder / name), model.picture_input):
            found.append(images)
            names += [name] * len(files)
    if not found:
        raise UserError(f"--validation {folder}: no pictures in class folders")
    return torch.cat(found), names


def _of_run(model: EmbeddingModel, checkpoint: Path) -> tuple[Tensor, list[str]]:
    run = checkpoint.absolute().parent.parent
    settings = data_settings(run)
    recorded = (read_results(run) or {}).get("provenance")
    said, data = pictures_changed(recorded, settings), None
    if settings and not said:
        data = recorded_datamodule(settings)
        data.setup()
        said = contents_changed(recorded, data)
    if said:
        raise UserError(f"{run}: no validation part: {'; '.join(said)}; give --validation FOLDER")
    if not data or not data.has_validation:
        raise UserError(
            f"{run}: no results.json of a run with a validation part (data.val_size) is there; give "
            "--validation FOLDER, a folder per class"
        )
    part = data.val_part
    return part.images[part.index], [model.class_names[k] for k in part.target.tolist()]
