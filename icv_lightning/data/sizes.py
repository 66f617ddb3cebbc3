"""Whether the parts of a data set that settings ask for can be cut, without reading a picture or torch.

What is special to a data set it declares in its YAML file, under `about`: `classes` (how many there are to
choose from), `train_images` (of the official training part, of the classes kept), `validation` (it has such
a part of its own), `whole_classes` (false where a class may have no image in the part that is evaluated after
each epoch), `table` (`root` may be a file), `notes` (what to say of its files), `pictures` (the folder or
table of files that a user can change).
"""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.identities import (
    check_pictures,
    orl_folders,
    orl_split,
    orl_tested,
    split_identities,
)
from icv_lightning.data.layouts import listed_once
from icv_lightning.data.split import in_test_part, with_test_part
from icv_lightning.errors import UserError, naming

DRAWERS = 20  # of each character of Omniglot


def check_sizes(data: Mapping[str, Any]) -> None:
    """Check settings of a data set: its folder, classes, sizes of parts and class-balanced batches.

    Args:
        data: the resolved `data` node.

    Raises:
        UserError: a file for a folder, a part that cannot be cut class by class, batches that cannot be so.
    """
    about, classes, root = data.get("about") or {}, data["num_classes"], data.get("root", ".")
    where = Path(str(root)).expanduser()
    if where.exists() and not where.is_dir() and not about.get("table"):
        raise UserError(f"data.root={root}: not a folder")
    if (available := about.get("classes")) is not None:
        there = available if data.get("classes") is None else len(data["classes"])
        if classes != there:
            raise UserError(f"data.num_classes={classes}: must be {there}; data.classes=[…] keeps fewer")
    val = data.get("val_size")
    if val and about.get("validation"):
        raise UserError(f"data.val_size={val}: must be 0, {root} has a validation part of its own")
    if val:
        check_val_size(val, classes, data["name"], about.get("train_images"))
    train = data.get("train_size")
    if train is not None and train < classes:
        raise UserError(f"data.train_size={train}: must be null or at least {classes}, an image a class")
    monitor = data.get("monitor_size")
    if monitor is not None and monitor < classes and about.get("whole_classes", True):
        raise UserError(f"data.monitor_size={monitor}: must be at least {classes}, an image a class")
    each, batch = data.get("per_class"), data["batch_size"]
    if each is not None:
        check_per_class(each, batch, classes)


def check_per_class(per_class: int, batch_size: int, classes: int) -> None:
    """Raise `UserError` unless `per_class` divides a batch into 2 or more of the classes that there are."""
    if batch_size % per_class or not 2 <= batch_size // per_class <= classes:
        raise UserError(
            f"data.per_class={per_class}: must divide data.batch_size={batch_size} into at least 2 and at "
            f"most {classes} classes, those of the training part"
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
        classes: number of classes of the data set.
        name: its name.
        images: number of training images; None where it is not known.
    """
    most = None if images is None else images - 2 * classes
    if val_size < classes or (most is not None and val_size > most):
        allowed = f"from {classes}" + ("" if most is None else f" to {most}")
        raise UserError(f"data.val_size={val_size}: must be 0 or {allowed} for {name}")


def class_count(classes: Sequence[int] | None, available: int) -> int:
    """Return the number of `classes` that a run keeps of those `available`, all for None.

    Raises:
        UserError: a class that there is not.
    """
    if classes is None:
        return available
    if strangers := [k for k in classes if k >= available]:
        raise UserError(f"data.classes={list(classes)}: has {strangers}, must be from 0 to {available - 1}")
    return len(classes)


def image_count(classes: Sequence[int] | None, each: Sequence[int]) -> int:
    """Return the images of the `classes` that a run keeps, where class k has `each[k]` of them."""
    class_count(classes, len(each))
    return sum(each) if classes is None else sum(each[k] for k in classes)


def count_classes(folder: str) -> int:
    """Return the number of classes in a folder or table of pictures; raise `UserError` as `listed` does."""
    with naming("data.root="):
        return len(listed_once(folder).class_names)


def folder_images(folder: str, classes: Sequence[int] | None, test_fraction: float) -> int:
    """Return the pictures to train on in a folder or table."""
    _, parts, _ = listed_once(folder)
    kept = parts["train"]
    if "test" not in parts:
        kept, _ = with_test_part(Path(folder).expanduser(), kept, test_fraction)
    return sum(1 for _, k in kept if classes is None or k in classes)


def folder_validation(folder: str) -> bool:
    """Tell whether a folder or table of pictures has a validation part of its own."""
    return "val" in listed_once(folder).parts


def folder_notes(folder: str) -> list[str]:
    """Return what is to be said of a folder or table of pictures: which were left out, where others are."""
    return listed_once(folder).lines


def identity_images(folder: str, held_out: float, test_fraction: float) -> int:
    """Return the pictures to train on of the persons in `folder` that are not held out."""
    persons, _ = _of_persons(folder, held_out)
    named = ([os.path.relpath(path, person.parent) for path in files] for person, files in persons.items())
    return sum(in_test_part(names, test_fraction).count(False) for names in named)


def identity_notes(folder: str, held_out: float) -> list[str]:
    """Return what was passed over in a folder of persons."""
    return _of_persons(folder, held_out)[1]


def orl_images(root: str, fold: int | None, test_fraction: float) -> int:
    """Return the pictures to train on of the ORL faces below `root`."""
    found, finder = orl_folders(root), PictureFinder()
    counts = [len(finder.pictures(found[k])) for k in orl_split(fold)[0]]
    return sum(count - orl_tested(count, test_fraction) for count in counts)


def omniglot_images(classes: int, test_drawers: int) -> int:
    """Return the drawings to train on, of so many characters."""
    return classes * (DRAWERS - test_drawers)


def synthetic_images(classes: int, each: int) -> int:
    """Return the images to train on, of so many made-up identities."""
    return classes * each


def look_again() -> None:
    """Forget what was on the disk: each command looks once, and all cells of its grid see the same."""
    listed_once.cache_clear()
    _of_persons.cache_clear()


@cache
def _of_persons(folder: str, held_out: float) -> tuple[dict[Path, list[Path]], list[str]]:
    """Return the pictures of each person to train on, and what was passed over."""
    finder = PictureFinder()
    persons, _ = split_identities(folder, held_out)
    pictures = {person: finder.pictures(person) for person in persons}
    with naming("data.root="):
        check_pictures(persons, [len(files) for files in pictures.values()], tested=True)
    return pictures, finder.lines()
