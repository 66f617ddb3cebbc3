"""Which persons are trained on and which are kept to verify, from names of folders; needs no torch."""

from collections.abc import Sequence
from pathlib import Path

from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.layouts import folders_of_parts
from icv_lightning.data.split import in_test_part
from icv_lightning.errors import UserError, naming

ORL_PERSONS, ORL_FOLDS = 40, 5


def split_identities(folder: str | Path, held_out: float) -> tuple[list[Path], list[Path]]:
    """Return the sorted folders of the persons to train on and of those to verify, who are others.

    `<folder>/train/<person>/` and `<folder>/test/<person>/` (parts by any name that `listing.PARTS` has),
    where no person may stand in both; or `<folder>/<person>/`, of whom about the fraction `held_out` is
    verified, each by the name alone: more persons move no other (`in_test_part`).

    Raises:
        UserError: fewer than two persons to train on, a person in both parts, or no such folder.
    """
    whole = Path(folder).expanduser()
    with naming("data.root="):
        parts = folders_of_parts(whole, PictureFinder())
    if len(parts) > 2:
        raise UserError(f"data.root={folder}: persons stand in {', '.join(sorted(parts))}; keep two parts")
    if parts:
        train = parts.pop("train")
        trained, verified = _persons(train), [path for part in parts.values() for path in _persons(part)]
        if both := sorted({path.name for path in trained} & {path.name for path in verified}):
            raise UserError(f"{whole}: persons both in train and in test: {', '.join(both[:5])}")
    else:
        persons = _persons(whole)
        held = in_test_part([path.name for path in persons], held_out) if held_out else [False] * len(persons)
        trained = [path for path, kept in zip(persons, held, strict=True) if not kept]
        verified = [path for path, kept in zip(persons, held, strict=True) if kept]
    if len(trained) < 2:
        names = [path.name for path in trained]
        raise UserError(f"data.root={folder}: needs at least two persons to train on, found {names}")
    return trained, verified


def check_pictures(persons: Sequence[Path], counts: Sequence[int], tested: bool) -> None:
    """Raise `UserError` for a person without pictures, or where `tested` and nobody has two of them."""
    if empty := [path.name for path, count in zip(persons, counts, strict=True) if not count]:
        raise UserError(f"{persons[0].parent}: persons without pictures: {', '.join(empty[:5])}")
    if tested and max(counts) < 2:
        raise UserError(f"{persons[0].parent}: persons need two pictures for a test part; all have one")


def count_identities(folder: str, held_out: float) -> int:
    """Return how many persons of `folder` are trained on; raise `UserError` as `split_identities` does."""
    return len(split_identities(folder, held_out)[0])


def orl_split(fold: int | None) -> tuple[list[int], list[int]]:
    """Return the numbers of the ORL persons to train on and to verify.

    Args:
        fold: None for 1 to 30 and 31 to 40; f from 0 to 4 verifies 8f + 1 to 8f + 8.

    Raises:
        UserError: another fold.
    """
    if fold is not None and fold not in range(ORL_FOLDS):
        raise UserError(f"data.fold={fold}: must be from 0 to {ORL_FOLDS - 1}, or null")
    each = ORL_PERSONS // ORL_FOLDS
    first, last = (31, ORL_PERSONS) if fold is None else (each * fold + 1, each * (fold + 1))
    persons = range(1, ORL_PERSONS + 1)
    return [k for k in persons if not first <= k <= last], [k for k in persons if first <= k <= last]


def orl_count(fold: int | None) -> int:
    """Return how many ORL persons are trained on."""
    return len(orl_split(fold)[0])


def orl_tested(count: int, test_fraction: float) -> int:
    """Return how many of an ORL person's `count` pictures are the test part: one at least, and never all."""
    return min(max(1, round(test_fraction * count)), count - 1)


def orl_folders(root: str | Path) -> dict[int, Path]:
    """Return the folder of each ORL person by number, `<root>/orl_faces/s1` to `s40`.

    Raises:
        UserError: a person is absent, or has fewer pictures than others.
    """
    folder = Path(root).expanduser() / "orl_faces"
    found = {k: folder / f"s{k}" for k in range(1, ORL_PERSONS + 1)}
    if absent := [path.name for path in found.values() if not path.is_dir()]:
        raise UserError(
            f"{folder}: needs the ORL faces in s1 to s40, has no {absent[0]}; get them from "
            "cam-orl.co.uk/facedatabase.html, unpack them there and set data.root (or the environment's "
            "ICV_DATA) to the folder that holds orl_faces"
        )
    finder = PictureFinder()
    counts = {path: len(finder.pictures(path)) for path in found.values()}
    most = max(counts.values())
    if fewer := [path for path, count in counts.items() if count < most]:
        raise UserError(f"{fewer[0]}: has {counts[fewer[0]]} pictures, others have {most}")
    return found


def _persons(folder: Path) -> list[Path]:
    with naming("data.root="):
        return [folder / name for name in PictureFinder().folders(folder)]
