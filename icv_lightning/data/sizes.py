"""Whether the parts of a data set that settings ask for can be cut, without reading a picture or torch."""

from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from icv_lightning.data.folders import class_folders, pictures
from icv_lightning.data.identities import orl_folders, orl_split, split_identities, tested_pictures
from icv_lightning.errors import UserError

# Images of each class in the training part.
MNIST = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
FASHION_MNIST = KMNIST = (6000,) * 10
DIGITS = (142, 145, 142, 146, 145, 146, 145, 143, 139, 144)
DRAWERS = 20


def check_sizes(data: DictConfig) -> None:
    """Check settings of a data set: `root`, `val_size`, `train_size`, `monitor_size`, `per_class`.

    Raises:
        UserError: a file for a folder, a part that cannot be cut class by class, batches that cannot be so.
    """
    root = Path(str(data.get("root", "."))).expanduser()
    if root.exists() and not root.is_dir():
        raise UserError(f"data.root={data.root}: not a folder")
    if _kind(data) == "ORLDataModule":
        orl_folders(root)
    if _kind(data) in ("MNISTDataModule", "DigitsDataModule"):
        there = 10 if data.get("classes") is None else len(data.classes)
        if data.num_classes != there:
            raise UserError(
                f"data.num_classes={data.num_classes}: must be {there}; data.classes=[…] keeps fewer"
            )
    classes, val = data.num_classes, data.get("val_size") or 0
    if val:
        check_val_size(val, classes, data.name, training_images(data))
    train = data.get("train_size")
    if train is not None and train < classes:
        raise UserError(f"data.train_size={train}: must be null or at least {classes}, an image a class")
    monitor, kind = data.get("monitor_size"), _kind(data)
    if monitor is not None and monitor < classes and kind not in ("FacesDataModule", "ORLDataModule"):
        raise UserError(f"data.monitor_size={monitor}: must be at least {classes}, an image a class")
    each, batch = data.get("per_class"), data.batch_size
    if each is not None and (batch % each or not 2 <= batch // each <= classes):
        raise UserError(
            f"data.per_class={each}: must divide data.batch_size={batch} into at least 2 and at most "
            f"{classes} classes, those of the training part"
        )


def check_batch_size(batch_size: int, processes: int) -> None:
    """Raise `UserError` unless a batch holds two images (batch normalisation) for each of the processes."""
    if batch_size < 2 * processes:
        raise UserError(
            f"data.batch_size={batch_size}: must be at least {2 * processes}, two images for each of "
            f"{processes} processes (trainer.devices)"
        )


def check_val_size(val_size: int, classes: int, name: str, images: int | None) -> None:
    """Raise `UserError` unless a validation part has each class, and leaves two images of each to train on.

    Args:
        val_size: above 0.
        classes: of the data set.
        name: of it.
        images: of the training part; None where that is not known.
    """
    most = None if images is None else images - 2 * classes
    if val_size < classes or (most is not None and val_size > most):
        allowed = f"from {classes}" + ("" if most is None else f" to {most}")
        raise UserError(f"data.val_size={val_size}: must be 0 or {allowed} for {name}")


def training_images(data: DictConfig) -> int | None:
    """Return the images of the official training part, None for a data set that is not of this package.

    Raises:
        UserError: a folder of pictures that cannot be listed.
    """
    kept, classes, kind = data.get("classes"), data.num_classes, _kind(data)
    if kind in ("MNISTDataModule", "DigitsDataModule"):
        table = {"MNIST": MNIST, "FashionMNIST": FASHION_MNIST, "KMNIST": KMNIST}.get(
            data.get("dataset"), DIGITS
        )
        return sum(table[k] for k in (range(10) if kept is None else kept))
    if kind == "OmniglotDataModule":
        return classes * (DRAWERS - data.test_drawers)
    if kind == "SyntheticIdentitiesDataModule":
        return classes * data.images_per_class
    if kind == "ORLDataModule":
        found = orl_folders(data.root)
        return sum(_left(len(pictures(found[k])), data.test_fraction) for k in orl_split(data.fold)[0])
    if kind == "FacesDataModule":
        return _of_persons(data.folder, data.held_out, data.test_fraction)
    return _of_folder(data, kept) if kind == "ImageFolderDataModule" else None


@cache  # one listing for all cells of a grid
def _of_persons(folder: str, held_out: float, test_fraction: float) -> int:
    persons, _ = split_identities(folder, held_out)
    return sum(_left(len(pictures(person)), test_fraction) for person in persons)


@cache
def _counts(root: Path) -> list[int]:
    return [len(pictures(root / name)) for name in class_folders(root)]


def _of_folder(data: DictConfig, kept: Any) -> int | None:
    whole = Path(data.folder).expanduser()
    split = (whole / "train").is_dir()
    counts = _counts(whole / "train" if split else whole)
    if split:
        return sum(counts[k] for k in (range(len(counts)) if kept is None else kept))
    size = sum(counts) - max(round(data.test_fraction * sum(counts)), len(counts))
    return size if kept is None else None  # how many of these classes are cut for test is not known here


def _left(count: int, test_fraction: float) -> int:
    return count - tested_pictures(count, test_fraction)


def _kind(data: DictConfig) -> str:
    target = str(data.get("_target_"))
    return target.rsplit(".", 1)[-1] if target.startswith("icv_lightning.data.") else ""
