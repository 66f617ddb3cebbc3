"""Which pictures rules are fitted on and asked for, by hand."""

import numpy as np
import pytest

from icv_lightning.audit.parts import is_of_test, parts_of, truth
from icv_lightning.audit.vectors import Vectors

NUMBERS = np.array([0, 1, 0, 1, 2])
EVERYTHING = [0, 1, 2, 3, 4]


def parts(split, kept=None, **columns):
    vectors = Vectors("v", np.zeros((5, 2)), NUMBERS, None if split is None else np.array(split), **columns)
    kept = np.ones(5, bool) if kept is None else np.array(kept)
    return parts_of(vectors, kept, NUMBERS[kept], is_of_test(vectors))


@pytest.mark.parametrize(
    ("split", "fitted", "asked", "strangers", "words"),
    [
        (None, EVERYTHING, EVERYTHING, [], "leave-one-out"),
        (["train"] * 5, EVERYTHING, EVERYTHING, [], "leave-one-out"),
        (["val"] * 5, EVERYTHING, EVERYTHING, [], "leave-one-out"),
        (["train", "train", "test", "val", "test"], [0, 1], [2, 3], [4], "but for 1 pictures of classes"),
        (["train", "train", "train", "train", "test"], [4], [4], [4], "class-disjoint"),
    ],
)
def test_by_the_split(split, fitted, asked, strangers, words):
    found = parts(split)
    assert (found.fitted.tolist(), found.asked.tolist()) == (fitted, asked)
    assert found.strangers.tolist() == strangers
    assert found.is_left_out == (fitted == asked)
    assert words in found.protocol


@pytest.mark.parametrize("lost", ["train", "test"])
def test_a_part_whose_embeddings_are_all_lost_is_no_part(lost):
    split = np.array(["train", "train", "test", "test", "test"])
    found = parts(split, split != lost)
    size = int((split != lost).sum())
    assert found.fitted.tolist() == found.asked.tolist() == list(range(size))
    assert found.protocol.startswith("leave-one-out")
    assert not len(found.strangers)


def test_who_searches_whom():
    roles = np.array([True, True, False, False, False])
    found = parts(None, is_query=roles, is_gallery=~roles)
    assert (found.query.tolist(), found.gallery.tolist()) == ([0, 1], [2, 3, 4])
    same = parts(None, is_query=roles, is_gallery=roles)  # each searches all others, as without roles
    assert (same.query, same.gallery) == (None, None)


def test_truth_in_every_spelling():
    assert truth(np.array(["True", "false", "1", "0", "1.0", "TRUE"])).tolist() == [1, 0, 1, 0, 1, 1]
