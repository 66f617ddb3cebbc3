"""Which part a picture, or a person, is of: by its own name, however many others there are."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from icv_lightning.data.listing import Files
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


def in_validation(
    names: Sequence[str], target: Sequence[int], size: int, seed: int
) -> tuple[list[int], list[int]]:
    """Return the positions of the pictures to train on, and of `size` others to validate on.

    Each class gives in proportion to its pictures those of the least `share`, so that a picture which is
    added later takes the place of one other at most, where the classes' proportions stay.

    Args:
        names: of the pictures, with the class.
        target: the class of each.
        size: of the validation part, below the number of pictures.
        seed: another one chooses others.

    Raises:
        ValueError: a class with a single picture.
    """
    order: dict[int, list[int]] = {}
    for position in sorted(range(len(names)), key=lambda k: share(f"{seed} {names[k]}")):
        order.setdefault(target[position], []).append(position)
    if single := sum(len(found) < 2 for found in order.values()):
        raise ValueError(f"{single} classes have a single picture")
    quotas = _in_proportion([len(found) for found in order.values()], size)
    held = {k for found, quota in zip(order.values(), quotas, strict=True) for k in found[:quota]}
    return [k for k in range(len(names)) if k not in held], sorted(held)


def _in_proportion(counts: Sequence[int], size: int) -> list[int]:
    """Return whole numbers in proportion to `counts` with the sum `size`, by largest remainders."""
    exact = [count * size / sum(counts) for count in counts]
    found = [int(number) for number in exact]
    by_remainder = sorted(range(len(counts)), key=lambda k: (found[k] - exact[k], -counts[k]))
    for k in by_remainder[: size - sum(found)]:
        found[k] += 1
    return found


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
