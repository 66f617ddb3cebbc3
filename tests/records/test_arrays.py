"""Arrays of an npz file, or the reason why there are none."""

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from icv_lightning.errors import UserError
from icv_lightning.records.arrays import read_arrays


def member(path: Path, header: dict[str, object], content: bytes = b"", compressed: bool = False) -> None:
    """Write an npz file of one array with this header and content."""
    text = io.BytesIO()
    npy.write_array_header_1_0(text, header)
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.npy", text.getvalue() + content)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_read_as_numpy_wrote_them(tmp_path: Path, save) -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yz"]), "c": np.zeros((0, 2), np.uint8)}
    save(tmp_path / "a.npz", **arrays)
    found = read_arrays(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[key], arrays[key]) for key in arrays)
    assert all(found[key].dtype == arrays[key].dtype for key in arrays)


def test_a_header_takes_no_memory_that_the_file_does_not_fill(tmp_path: Path) -> None:
    for number, shape in enumerate([(10**12,), (10**6, 10**6), (3,), (2**62, 4)]):
        path = tmp_path / f"{number}.npz"
        member(path, {"descr": "<f4", "fortran_order": False, "shape": shape}, b"1234")
        with pytest.raises(
            UserError, match=rf"{number}\.npz: not arrays that can be read .*says that it holds"
        ):
            read_arrays(path)


def test_what_is_damaged_or_runs_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.random.default_rng(0).normal(size=1000))
    whole = bytearray(path.read_bytes())
    for content in (b"", b"PK", whole[:200], whole[: len(whole) // 2], b"x" * 1000):
        path.write_bytes(content)
        with pytest.raises(UserError, match="not arrays that can be read"):
            read_arrays(path)
    whole[120:140] = b"\xff" * 20
    path.write_bytes(whole)
    with pytest.raises(UserError, match="not arrays that can be read"):
        read_arrays(path)
    np.savez(path, a=np.array([{"code": zlib}, 1], dtype=object)[1:])
    with pytest.raises(UserError, match="not arrays that can be read"):
        read_arrays(path)
    with pytest.raises(UserError, match="none\\.npz: not arrays that can be read"):
        read_arrays(tmp_path / "none.npz")
