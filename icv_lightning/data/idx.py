"""MNIST's archive format read in place: gzipped idx files, checked against torchvision's MD5 sums."""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from icv_lightning.data.archive import checked


def read_idx(archive: Path, md5: str) -> Tensor:
    """Return the uint8 tensor in a gzipped idx file whose MD5 sum is `md5`.

    Raises:
        UserError: the file cannot be read, or its content is another.
    """
    return decoded_idx(checked(archive, md5))


def decoded_idx(packed: bytes) -> Tensor:
    """Return the uint8 tensor in the content of a gzipped idx file."""
    content = gzip.decompress(packed)
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", dimensions, offset=4).tolist()
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy())
