"""Which pictures of an audit rules are fitted on, which they are asked for, and which search which."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from icv_lightning.audit.vectors import Vectors
from icv_lightning.errors import UserError

FITTED, ASKED = ("train",), ("test", "val", "validation")


@dataclass(frozen=True, eq=False)
class Parts:
    """Positions among the finite embeddings.

    Attributes:
        protocol: which of this it is, in a line.
        fitted: positions that rules are fitted on.
        asked: positions that they are asked for.
        is_left_out: `asked` is `fitted`, each asked for by a rule fitted on all others.
        strangers: positions of test pictures whose classes train lacks.
        query: positions that search; None where all of `asked` search each other.
        gallery: positions that are searched.
    """

    protocol: str
    fitted: Tensor
    asked: Tensor
    is_left_out: bool
    strangers: Tensor
    query: Tensor | None
    gallery: Tensor | None


def is_of_test(vectors: Vectors) -> np.ndarray | None:
    """Tell for each picture whether it is of the test part; None without a split into two parts.

    Raises:
        UserError: a word that is no part.
    """
    if vectors.split is None:
        return None
    words = np.asarray(vectors.split).astype(str)
    if strange := sorted(set(words.tolist()) - {*FITTED, *ASKED}):
        raise UserError(
            f"{vectors.source}: split must be {', '.join((*FITTED, *ASKED))}, got {', '.join(strange[:3])}"
        )
    is_test = np.isin(words, ASKED)
    return is_test if is_test.any() and not is_test.all() else None


def parts_of(vectors: Vectors, kept: np.ndarray, numbers: np.ndarray, is_test: np.ndarray | None) -> Parts:
    """Return the parts of the pictures that are `kept`.

    Args:
        vectors: all pictures, M.
        kept: M, whether an embedding is finite.
        numbers: classes of those kept.
        is_test: M, as `is_of_test` tells it.

    Raises:
        UserError: roles in retrieval that cannot be.
    """
    searching = _queries(vectors, kept)
    is_test = None if is_test is None else is_test[kept]
    if is_test is None or not is_test.any() or is_test.all():
        everything = torch.arange(len(numbers))
        words = "leave-one-out: each picture by what is fitted on all others"
        return Parts(words, everything, everything, True, everything[:0], *searching)
    is_known = np.isin(numbers, numbers[~is_test])
    train, asked, strangers = (
        torch.from_numpy(np.flatnonzero(part)) for part in (~is_test, is_test & is_known, is_test & ~is_known)
    )
    if not len(asked):
        words = "class-disjoint: test classes are none of train's; leave-one-out within test"
        return Parts(words, strangers, strangers, True, strangers, *searching)
    words = "fitted on train, asked for test"
    words += f", but for {len(strangers)} pictures of classes that train lacks" if len(strangers) else ""
    return Parts(words, train, asked, False, strangers, *searching)


def _queries(vectors: Vectors, kept: np.ndarray) -> tuple[Tensor | None, Tensor | None]:
    if vectors.is_query is None or vectors.is_gallery is None:
        return None, None
    found = [np.flatnonzero(truth(x)[kept]) for x in (vectors.is_query, vectors.is_gallery)]
    if not all(map(len, found)):
        raise UserError(f"{vectors.source}: is_query and is_gallery must each be true of a picture")
    if np.array_equal(found[0], found[1]):  # each searches all others, as without roles
        return None, None
    if both := len(np.intersect1d(found[0], found[1])):
        raise UserError(
            f"{vectors.source}: {both} pictures are is_query and is_gallery; all or none may be both"
        )
    query, gallery = map(torch.from_numpy, found)
    return query, gallery


def truth(column: np.ndarray) -> np.ndarray:
    """Return true, 1 and "true" as True."""
    return np.isin(np.char.lower(np.asarray(column).astype(str)), ("true", "1", "1.0"))
