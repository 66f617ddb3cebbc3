"""The sets that metric learning reports on, by their own file lists: who is trained on, who is tested.

No class is in both parts, as everybody uses these sets (Oh Song et al. 2016): CUB-200-2011 trains on its
first 100 classes and tests on the other 100, Cars-196 on 98 and 98, Stanford Online Products and In-Shop as
their own lists say. In-Shop has queries and a gallery. Pictures are never opened here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from icv_lightning.errors import UserError, reason


class Listed(NamedTuple):
    """A picture of a list: its path in it, its class, "train" or "test", and its role in retrieval."""

    file: str
    label: str
    split: str
    is_query: bool
    is_gallery: bool


def read_file_list(name: str, root: str | Path) -> list[Listed]:
    """Return all pictures of a set in the order of its own list.

    Args:
        name: "cub200", "cars196", "online_products" or "in_shop".
        root: the unpacked set, which holds its list (or `Eval/list_eval_partition.txt`), or a folder that
            holds it under its published name, see `place_of`.

    Raises:
        UserError: another name, or a list that is absent or not as it is published.
    """
    if name not in READERS:
        raise UserError(f"{name}: must be one of {', '.join(READERS)}")
    root = place_of(name, root)
    try:
        found = list(READERS[name](root))
    except OSError as error:
        raise UserError(
            f"{root}: not {name} as it is published: {error.strerror}: {error.filename}"
        ) from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UserError(f"{root}: a list of {name} is not as it is published: {reason(error)}") from error
    if not found:
        raise UserError(f"{root}: the list of {name} is empty")
    return found


def place_of(name: str, root: str | Path) -> Path:
    """Return the folder of a set: `root` where its list is there, else `<root>/CUB_200_2011` and the like."""
    root = Path(root).expanduser()
    folder, lists = PUBLISHED[name]
    return next((place for place in (root / folder, root) if any((place / x).exists() for x in lists)), root)


def picture_of(place: Path, file: str) -> Path:
    """Return where a listed picture is; In-Shop's are below `Img`."""
    return place / "Img" / file if (place / "Img").is_dir() else place / file


def _cub200(root: Path) -> Iterator[Listed]:
    classes = dict(_columns(root / "image_class_labels.txt", 2))
    for number, file in _columns(root / "images.txt", 2):
        yield _of_halves(f"images/{file}", file.split("/")[0], int(classes[number]), last_trained=100)


def _cars196(root: Path) -> Iterator[Listed]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        with (root / "cars_annos.mat").open("rb") as file:
            content: Any = loadmat(file, squeeze_me=True, variable_names=["annotations"])
    except MatReadError as error:
        raise ValueError(f"cars_annos.mat: {error}") from error
    found = np.atleast_1d(content["annotations"])
    for file, number in zip(found["relative_im_path"], found["class"], strict=True):
        yield _of_halves(str(file), str(int(number)), int(number), last_trained=98)


def _online_products(root: Path) -> Iterator[Listed]:
    for split in ("train", "test"):
        for _, number, _, file in _columns(root / f"Ebay_{split}.txt", 4, header=1):
            yield Listed(file, str(int(number)), split, split == "test", split == "test")


def _in_shop(root: Path) -> Iterator[Listed]:
    path = root / IN_SHOP
    for file, item, role in _columns(path if path.exists() else root / "Eval" / IN_SHOP, 3, header=2):
        if role not in ("train", "query", "gallery"):
            raise ValueError(f"{file}: evaluation_status must be train, query or gallery, got {role}")
        yield Listed(file, item, "train" if role == "train" else "test", role == "query", role == "gallery")


def _of_halves(file: str, label: str, number: int, last_trained: int) -> Listed:
    is_test = number > last_trained
    return Listed(file, label, "test" if is_test else "train", is_test, is_test)


def _columns(path: Path, count: int, header: int = 0) -> Iterator[list[str]]:
    for position, line in enumerate(path.read_text().splitlines()):
        if position >= header and line.strip():
            columns = line.split()
            if len(columns) != count:
                raise ValueError(
                    f"{path.name}, line {position + 1}: must have {count} columns, has {len(columns)}"
                )
            yield columns


IN_SHOP = "list_eval_partition.txt"
PUBLISHED: Mapping[str, tuple[str, Sequence[str]]] = {  # folder, and lists of which one is there
    "cub200": ("CUB_200_2011", ["images.txt"]),
    "cars196": ("CARS_196", ["cars_annos.mat"]),
    "online_products": ("Stanford_Online_Products", ["Ebay_train.txt"]),
    "in_shop": ("In-shop", [IN_SHOP, f"Eval/{IN_SHOP}"]),
}
READERS: Mapping[str, Callable[[Path], Iterator[Listed]]] = {
    "cub200": _cub200,
    "cars196": _cars196,
    "online_products": _online_products,
    "in_shop": _in_shop,
}
