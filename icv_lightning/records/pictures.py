"""The pictures of a grid's data sets, which reports show: `images-<data>.npz` beside the runs."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from icv_lightning.errors import UserError
from icv_lightning.records.arrays import read_arrays

log = logging.getLogger(__name__)


def read_images(folders: Iterable[Path], data: str) -> dict[str, np.ndarray]:
    """Return the arrays of `images-<data>.npz` of the first folder that has it whole, else none."""
    for folder in folders:
        path = folder / f"images-{data}.npz"
        if not path.exists():
            continue
        try:
            arrays = read_arrays(path)
        except UserError as error:
            log.warning("left out, %s", error)
            continue
        if all(_fit(arrays, part) for part in ("train", "test", "val") if f"{part}_images" in arrays):
            return arrays
        log.warning("left out, %s: its pictures, their numbers and classes do not fit", path)
    return {}


def _fit(arrays: Mapping[str, np.ndarray], part: str) -> bool:
    images, index = arrays[f"{part}_images"], arrays.get(f"{part}_index", np.zeros(0))
    names = arrays.get("class_names", np.zeros(0))
    return (
        images.ndim == 4
        and images.dtype == np.uint8
        and index.shape == images.shape[:1]
        and np.issubdtype(index.dtype, np.integer)
        and names.ndim == 1
        and names.dtype.kind == "U"
    )
