"""Archives of data sets: checked by MD5 before use, and one line where they are not as they should be."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from icv_lightning.errors import UserError, one_line


def checked(path: Path, md5: str) -> bytes:
    """Return the content of a file whose MD5 sum is `md5`.

    Raises:
        UserError: the file cannot be read, or its content is another.
    """
    try:
        packed = path.read_bytes()  # and not read again, as what was checked
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    found = hashlib.md5(packed, usedforsecurity=False).hexdigest()
    if found != md5:
        raise UserError(
            f"{path}: truncated or altered ({len(packed)} bytes, MD5 {found}, expected {md5}); "
            "delete it and run again to download it, or put the original there"
        )
    return packed


@contextmanager
def unpacking(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong inside into a `UserError` that names the archive."""
    try:
        yield
    except Exception as error:  # each format and each damage raises a kind of its own
        raise UserError(f"{path}: not as its data set has it ({one_line(error)})") from error
