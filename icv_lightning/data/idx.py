"""MNIST's archive format read in place: gzipped idx files, checked against torchvision's MD5 sums."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from icv_lightning.errors import UserError


def read_idx(archive: Path, md5: str) -> Tensor:
    """Return the uint8 tensor in a gzipped idx file whose MD5 sum is `md5`.

    Raises:
        UserError: the file cannot be read, or its content is another.
    """
    try:
        packed = archive.read_bytes()
    except OSError as error:
        raise UserError(f"{archive}: cannot be read ({error.strerror})") from error
    found = hashlib.md5(packed, usedforsecurity=False).hexdigest()
    if found != md5:
        raise UserError(
            f"{archive}: truncated or altered ({len(packed)} bytes, MD5 {found}, expected {md5}); "
            "delete it and run again to download it, or put the original there"
        )
    content = gzip.decompress(packed)
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", dimensions, offset=4).tolist()
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy())
