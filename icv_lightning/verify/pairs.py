"""Pairs of pictures to verify: read from a file of LFW's format, or drawn by a seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Bool, Int

from icv_lightning.errors import UserError, check_at_least

PICTURES = 2000  # of a fold at most, whose two million pairs are drawn from
Picture = tuple[str, int]  # person and number of the picture, from 1
Named = TypeVar("Named", Picture, Path)  # how a file names a picture


@dataclass(frozen=True)
class NamedPairs(Generic[Named]):
    """What a file of pairs says: two pictures each, whether they show one person, and the fold, from 0."""

    first: Sequence[Named]
    second: Sequence[Named]
    genuine: Sequence[bool]
    fold: Sequence[int]

    def pictures(self) -> list[Named]:
        """Return every picture named, once, sorted."""
        return sorted(set(self.first).union(self.second))

    def at(self, pictures: Sequence[Named]) -> "Pairs":
        """Return the pairs as positions in `pictures`."""
        places = {picture: place for place, picture in enumerate(pictures)}
        first, second = (np.array([places[p] for p in side]) for side in (self.first, self.second))
        return Pairs(first, second, np.array(self.genuine), np.array(self.fold))


class Pairs(NamedTuple):
    """Positions of the two pictures of each pair, whether they show one person, and the fold, from 0."""

    first: Int[np.ndarray, " pair"]
    second: Int[np.ndarray, " pair"]
    genuine: Bool[np.ndarray, " pair"]
    fold: Int[np.ndarray, " pair"]


def read_pairs(path: str | Path) -> NamedPairs[Picture]:
    """Return the pairs of a file in LFW's format.

    The first line holds the number of folds and of genuine pairs in each ("10 300", as `pairs.txt`), or the
    latter alone ("1100", as `pairsDevTest.txt`: one fold). Then, fold by fold, that many genuine pairs
    ("name 1 4") and as many of impostors ("name 2 other 1").

    Raises:
        UserError: a file that cannot be read so, naming the line.
    """
    try:
        lines = [line.split() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
        sizes = [int(word) for word in lines[0]] if lines else []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a file of pairs that can be read ({error})") from error
    except ValueError:
        sizes = []
    if len(sizes) not in (1, 2) or min(sizes) < 1:
        raise UserError(f"{path}: its first line must be the numbers of folds and pairs, e.g. 10 300")
    folds, each = (1, *sizes) if len(sizes) == 1 else sizes
    if len(lines) - 1 != 2 * folds * each:
        raise UserError(f"{path}: must have {2 * folds * each} pairs by its first line, has {len(lines) - 1}")
    found = [_pair(path, n, words, n // each % 2 == 0) for n, words in enumerate(lines[1:])]
    first, second = ([pair[side] for pair in found] for side in (0, 1))
    genuine = [a[0] == b[0] for a, b in found]
    return NamedPairs(first, second, genuine, [n // (2 * each) for n in range(len(found))])


def all_pairs(target: Int[np.ndarray, " picture"]) -> Pairs:
    """Return every pair of pictures, in one fold."""
    first, second = np.triu_indices(len(target), k=1)
    return Pairs(first, second, target[first] == target[second], np.zeros(len(first), dtype=int))


def draw_pairs(target: Int[np.ndarray, " picture"], folds: int, each: int, seed: int) -> Pairs:
    """Return `folds` times `each` genuine and `each` impostor pairs, all different, drawn by `seed`.

    Where there are at least two persons a fold, folds share no person, as in LFW. With fewer they share
    persons, but no pair.

    Args:
        target: the person of each picture.
        folds: at least 1.
        each: genuine pairs of a fold, as many impostors'; less where a fold has less of either.
        seed: seed of the draws.

    Raises:
        ValueError: an argument below 1, or a fold left without a pair of either kind.
    """
    check_at_least(1, folds=folds, each=each)
    rng = np.random.default_rng(seed)
    persons = rng.permutation(np.unique(target))
    if len(persons) >= 2 * folds:
        parts = [np.flatnonzero(np.isin(target, persons[k::folds]))[:PICTURES] for k in range(folds)]
        candidates = [_kinds(part, target) for part in parts]
    else:
        dealt = [
            [kind[k::folds] for k in range(folds)] for kind in _kinds(np.arange(len(target)), target, rng)
        ]
        candidates = list(zip(*dealt, strict=True))
    size = min(each, *(len(pairs) for kinds in candidates for pairs in kinds))
    if size < 1:
        raise ValueError(f"folds must be fewer: {len(target)} pictures leave one of {folds} without pairs")
    chosen = [rng.choice(pairs, size, replace=False) for kinds in candidates for pairs in kinds]
    first, second = np.concatenate(chosen).T
    fold = np.repeat(np.arange(folds), 2 * size)
    return Pairs(first, second, target[first] == target[second], fold)


def _kinds(
    part: Int[np.ndarray, " some"],
    target: Int[np.ndarray, " picture"],
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return all genuine and all impostor pairs among these pictures, P x 2 each, in an order drawn."""
    pairs = part[np.stack(np.triu_indices(len(part), k=1), axis=1)]
    pairs = pairs if rng is None else rng.permutation(pairs)
    genuine = target[pairs[:, 0]] == target[pairs[:, 1]]
    return pairs[genuine], pairs[~genuine]


def _pair(path: str | Path, n: int, words: list[str], genuine: bool) -> tuple[Picture, Picture]:
    try:
        if genuine:
            name, a, b = words
            return (name, int(a)), (name, int(b))
        name, a, other, b = words
        if name == other:
            raise ValueError
        return (name, int(a)), (other, int(b))
    except ValueError as error:
        expected = "name 1 2" if genuine else "name 1 other 2"
        raise UserError(f"{path}: pair {n + 1} must be like {expected}, is {' '.join(words)}") from error
