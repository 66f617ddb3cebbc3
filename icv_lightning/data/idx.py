"""MNIST's archive format: gzipped idx files."""

import gzip

import numpy as np
import torch
from torch import Tensor


def decoded_idx(packed: bytes) -> Tensor:
    """Return the uint8 tensor in the content of a gzipped idx file."""
    content = gzip.decompress(packed)
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", dimensions, offset=4).tolist()
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy())
