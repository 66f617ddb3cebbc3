"""What is wrong with embeddings before anything is measured: counts with examples, one line each."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

EXAMPLES = 3
UNIT = 1e-3  # norms within this of 1 count as unit length


class Finding(NamedTuple):
    """Something to know of the input: how many things, in words with examples, and whether it does harm."""

    number: int
    text: str
    is_harmful: bool


def sanity(
    embeddings: np.ndarray, target: np.ndarray, is_test: np.ndarray | None, names: Sequence[str]
) -> list[Finding]:
    """Return what there is to know of the input, harmful things first.

    Args:
        embeddings: M x N.
        target: M, names or numbers of classes.
        is_test: M, or None without a split.
        names: M, of the pictures, for examples.
    """
    finite = np.isfinite(embeddings).all(1)
    found = [
        *_vectors(embeddings, finite, is_test, names),
        *_dimensions(embeddings[finite]),
        *_classes(target, is_test),
    ]
    return sorted((one for one in found if one.number), key=lambda one: not one.is_harmful)


def _vectors(
    embeddings: np.ndarray, finite: np.ndarray, is_test: np.ndarray | None, names: Sequence[str]
) -> Iterator[Finding]:
    yield _of_pictures("not finite (NaN or infinite) and left out", ~finite, names)
    zero = (embeddings == 0).all(1)
    yield _of_pictures("zero vectors, whose cosine is undefined and taken as 0", zero, names)
    group = duplicate_groups(embeddings)
    sizes = np.bincount(group)
    twice = finite & ~zero & (sizes[group] > 1)
    count = int(twice.sum() - len(set(group[twice].tolist())))
    yield Finding(count, f"copies of an earlier vector, value for value{_examples(twice, names)}", True)
    if is_test is not None:
        in_train = np.isin(group, group[~is_test])
        both = twice & is_test & in_train
        yield _of_pictures(
            "test vectors that stand in train too: the same picture in both parts", both, names
        )


def duplicate_groups(embeddings: np.ndarray) -> np.ndarray:
    """Return for each of M vectors a number that it shares with those equal to it, bit by bit."""
    rows = np.ascontiguousarray(embeddings + 0.0)  # −0 becomes 0
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(hash(row.tobytes()), len(numbers)) for row in rows], dtype=np.int64)


def _dimensions(embeddings: np.ndarray) -> Iterator[Finding]:
    if not len(embeddings):
        return
    where = np.flatnonzero(np.ptp(embeddings, axis=0) == 0)
    yield Finding(len(where), f"of {embeddings.shape[1]} dimensions are constant: {_first(where)}", True)
    norms = np.linalg.norm(embeddings, axis=1)
    unit = np.abs(norms - 1) < UNIT
    low, middle, high = np.quantile(norms, [0.01, 0.5, 0.99])
    words = (
        "all of unit length"
        if unit.all()
        else f"norms: median {middle:.4g}, 1 % below {low:.4g}, 1 % above {high:.4g}"
    )
    yield Finding(len(norms), f"vectors, {words}", False)


def _classes(target: np.ndarray, is_test: np.ndarray | None) -> Iterator[Finding]:
    classes, counts = np.unique(target, return_counts=True)
    yield _of_classes("with one picture alone", classes[counts == 1])
    if is_test is not None:
        train, test = (set(target[part].tolist()) for part in (~is_test, is_test))
        yield _of_classes("in train alone", np.array(sorted(train - test)), is_harmful=False)
        yield _of_classes(
            "in test alone, unknown to rules fitted on train", np.array(sorted(test - train)), False
        )


def _of_pictures(words: str, chosen: np.ndarray, names: Sequence[str]) -> Finding:
    return Finding(int(chosen.sum()), words + _examples(chosen, names), True)


def _of_classes(words: str, classes: np.ndarray, is_harmful: bool = True) -> Finding:
    return Finding(len(classes), f"classes {words}: {_first(classes)}", is_harmful)


def _examples(chosen: np.ndarray, names: Sequence[str]) -> str:
    where = np.flatnonzero(chosen)
    return f": {_first([names[k] for k in where.tolist()])}" if len(where) else ""


def _first(names: Sequence[object] | np.ndarray) -> str:
    return ", ".join(map(str, names[:EXAMPLES])) + (", …" if len(names) > EXAMPLES else "")
