"""Archives of data sets: found or fetched through torchvision, checked by MD5, one line where that fails."""

import hashlib
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from icv_lightning.errors import UserError, one_line


def content_of(path: Path, md5: str, urls: Sequence[str], place: str) -> bytes:
    """Return the content of an archive, fetched where it is absent; arguments and errors are those below."""
    return checked(fetched(path, md5, urls, place), md5)


def fetched(path: Path, md5: str, urls: Sequence[str], place: str) -> Path:
    """Return `path`, downloaded from the first of `urls` that has it unless it is there.

    Args:
        path: where the archive belongs.
        md5: MD5 of its content.
        urls: addresses, tried in this order.
        place: what `data.root` must hold instead, for the message.

    Raises:
        UserError: it is not there and cannot be downloaded; no folder is left behind.
    """
    if path.exists():
        return path
    from torchvision.datasets import utils  # a second of import that only a download needs

    made = [folder for folder in path.parents if not folder.exists()]
    part, reason = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part"), "no mirror"
    for url in urls:
        try:
            print(f"{path}: downloading {url}", file=sys.stderr, flush=True)
            utils.download_url(url, path.parent, filename=part.name, md5=md5)
            return part.replace(path)
        except (OSError, RuntimeError) as error:
            reason = str(error)
        finally:
            with suppress(OSError):
                part.unlink()
    for folder in made:  # torchvision makes the folder before it knows
        with suppress(OSError):
            folder.rmdir()
    raise UserError(
        f"{path}: not there, and the download failed ({reason}); set data.root (or the environment's "
        f"ICV_DATA) to a folder that holds {place}"
    )


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
