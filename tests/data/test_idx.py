"""MNIST's archive format, from files made by hand."""

import gzip
import hashlib
import struct
from pathlib import Path

import pytest
import torch

from icv_lightning.data.archive import checked
from icv_lightning.data.idx import decoded_idx
from icv_lightning.errors import UserError


def archive(folder: Path, *shape: int) -> tuple[Path, str, bytes]:
    """A gzipped idx file of `shape` that counts 0, 1, 2 …, and its MD5 sum and values."""
    values = bytes(i % 256 for i in range(torch.Size(shape).numel()))
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
    packed = gzip.compress(header + values)
    path = folder / "made-idx-ubyte.gz"
    path.write_bytes(packed)
    return path, hashlib.md5(packed).hexdigest(), values


@pytest.mark.filterwarnings("error")  # torch warns of a tensor on memory that must not be written to
@pytest.mark.parametrize("shape", [(5,), (3, 2, 4), (300, 1)])
def test_shape_and_values(tmp_path, shape):
    path, md5, values = archive(tmp_path, *shape)
    tensor = decoded_idx(checked(path, md5))
    assert tensor.shape == shape
    assert tensor.dtype == torch.uint8
    assert bytes(tensor.flatten().tolist()) == values


def test_truncated(tmp_path):
    path, md5, _ = archive(tmp_path, 3, 2, 4)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(
        UserError, match=rf"made-idx-ubyte.gz: truncated or altered \({size - 5} bytes, MD5 .*{md5}"
    ):
        checked(path, md5)


def test_altered(tmp_path):
    path, md5, _ = archive(tmp_path, 3, 2, 4)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"made-idx-ubyte.gz: truncated or altered .*delete it and run again"):
        checked(path, md5)


def test_missing(tmp_path):
    with pytest.raises(UserError, match=r"none.gz: cannot be read \(No such file or directory\)"):
        checked(tmp_path / "none.gz", "")
