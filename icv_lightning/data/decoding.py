"""Many picture files: decoded at once, or one by one when they are asked for."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class LazyImages:
    """Pictures that are decoded whenever they are asked for, in place of the tensor M x C x H x W.

    Args:
        files: M picture files.
        decode: a file to a uint8 tensor C x H x W.
    """

    def __init__(self, files: Sequence[Path], decode: Callable[[str], Tensor]) -> None:
        # An array of characters: worker processes would copy a list of paths by counting references.
        self.files, self.decode = np.array([str(path) for path in files]), decode

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Tensor) -> Tensor:
        return torch.stack([self.decode(str(path)) for path in self.files[index.numpy()]])


def decode_all(files: Sequence[Path], decode: Callable[[str], Tensor]) -> Tensor:
    """Return all pictures, decoded by a thread for each core, M x C x H x W."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return torch.stack(list(pool.map(decode, map(str, files))))
