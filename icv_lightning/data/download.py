"""Archives fetched through torchvision: whole under their name or not there, whoever else fetches them."""

import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from icv_lightning.errors import UserError


def fetched(path: Path, md5: str, urls: Sequence[str], advice: str) -> Path:
    """Return `path`, downloaded from the first of `urls` that has it unless it is there.

    Args:
        path: where the archive belongs.
        md5: MD5 of its content.
        urls: addresses, tried in this order.
        advice: alternative to the download, for the message.

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
    raise UserError(f"{path}: not there, and the download failed ({reason}); {advice}")
