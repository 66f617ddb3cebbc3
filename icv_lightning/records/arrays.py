"""Arrays in npz files, whoever wrote them: read whole, or refused with the reason."""

import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from icv_lightning.errors import UserError, reason

MAX_BYTES = 2**33  # bytes of an array; 2 million embeddings of 1,024 numbers
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file by name; nothing in it is run.

    Raises:
        UserError: a file that is not there or damaged, or holds anything but arrays of numbers and text.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                entry.filename.removesuffix(".npy"): _read(archive, entry) for entry in archive.infolist()
            }
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds for a file that is not their own
        raise UserError(f"{path}: not arrays that can be read ({reason(error)})") from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as file:
        shape, _, dtype = HEADERS[npy.read_magic(file)](file)
        size = math.prod(shape) * dtype.itemsize
        if size > MAX_BYTES or size != entry.file_size - file.tell():  # before memory for it is taken
            raise ValueError(f"{entry.filename} says that it holds {size} bytes, and has {entry.file_size}")
    with archive.open(entry) as file:
        return npy.read_array(file, allow_pickle=False)
