"""Which pictures of a class are its test part: each by its own name, however many others there are."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from icv_lightning.data.layouts import Files
from icv_lightning.errors import UserError


def share(name: str) -> float:
    """Return a number in [0, 1) that looks random and depends on `name` alone."""
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).digest()
    return int.from_bytes(digest[:7]) / 2**56


def in_test_part(names: Sequence[str], test_fraction: float) -> list[bool]:
    """Tell for each picture of a class whether it is of the test part.

    A picture is tested if its `share` is below `test_fraction`, so that pictures which are added later move
    none from one part to the other: about `test_fraction` of many are tested. Where this leaves one of the
    parts without a picture, the next in order of shares goes there; a class of one picture is trained on.

    Args:
        names: names of the pictures, with the class, e.g. `cat/001.png`.
        test_fraction: share for test, in (0, 1).
    """
    shares = [share(name) for name in names]
    tested = [number < test_fraction for number in shares]
    if len(names) > 1 and not any(tested):
        tested[shares.index(min(shares))] = True
    if names and all(tested):
        tested[shares.index(max(shares))] = False
    return tested


def with_test_part(folder: Path, pictures: Files, test_fraction: float) -> tuple[Files, Files]:
    """Return the pictures to train on and those of the test part, class by class, by names below `folder`.

    Raises:
        UserError: a class with a single picture.
    """
    classes: dict[int, list[Path]] = {}
    for path, k in pictures:
        classes.setdefault(k, []).append(path)
    if (fewest := min(map(len, classes.values()))) < 2:
        raise UserError(f"data.root={folder}: too few pictures to cut a test part, a class has {fewest}")
    tested = {
        path
        for paths in classes.values()
        for path, held in zip(
            paths, in_test_part([os.path.relpath(p, folder) for p in paths], test_fraction), strict=True
        )
        if held
    }
    return [item for item in pictures if item[0] not in tested], [i for i in pictures if i[0] in tested]
