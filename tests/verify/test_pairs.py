"""Pairs in LFW's format and pairs drawn by a seed."""

from pathlib import Path

import numpy as np
import pytest

from icv_lightning.errors import UserError
from icv_lightning.verify.pairs import NamedPairs, all_pairs, draw_pairs, read_pairs

LFW = "2\t1\nAnna\t1\t4\nAnna\t2\tBob_Y\t1\nBob_Y\t2\t3\nCy\t1\tAnna\t3\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    return path


def test_a_file_by_hand(tmp_path):
    pairs = read_pairs(written(tmp_path, LFW))
    assert pairs == NamedPairs(
        first=[("Anna", 1), ("Anna", 2), ("Bob_Y", 2), ("Cy", 1)],
        second=[("Anna", 4), ("Bob_Y", 1), ("Bob_Y", 3), ("Anna", 3)],
        genuine=[True, False, True, False],
        fold=[0, 0, 1, 1],
    )
    pictures = pairs.pictures()
    assert pictures == [
        ("Anna", 1), ("Anna", 2), ("Anna", 3), ("Anna", 4), ("Bob_Y", 1), ("Bob_Y", 2), ("Bob_Y", 3),
        ("Cy", 1),
    ]  # fmt: skip
    found = pairs.at(pictures)
    assert found.genuine.tolist() == [True, False, True, False]
    assert (found.first.tolist(), found.second.tolist()) == ([0, 1, 5, 7], [3, 4, 6, 2])


def test_one_number_at_the_head_is_one_fold(tmp_path):
    pairs = read_pairs(written(tmp_path, "1\nAnna 1 4\nAnna 2 Bob 1\n"))
    assert pairs.fold == [0, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line must be the numbers"),
        ("ten 300\n", "first line must be the numbers"),
        ("0 1\n", "first line must be the numbers"),
        ("1 1 1\n", "first line must be the numbers"),
        ("1 1\nAnna 1 4\n", "must have 2 pairs by its first line, has 1"),
        ("1 1\nAnna 1\nAnna 2 Bob 1\n", "pair 1 must be like name 1 2, is Anna 1"),
        ("1 1\nAnna 1 b\nAnna 2 Bob 1\n", "pair 1 must be like name 1 2"),
        ("1 1\nAnna 1 4\nAnna 2 3\n", "pair 2 must be like name 1 other 2"),
        ("1 1\nAnna 1 4\nAnna 2 Anna 3\n", "pair 2 must be like name 1 other 2"),
    ],
)
def test_refused_files(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as caught:
        read_pairs(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="not a file of pairs that can be read"):
        read_pairs(tmp_path / "none.txt")


def test_all_pairs_of_orl_s_verification_persons():
    pairs = all_pairs(np.repeat(np.arange(10), 10))
    assert len(pairs.first) == 100 * 99 // 2
    assert pairs.genuine.sum() == 10 * 45
    assert (pairs.first < pairs.second).all()


@pytest.mark.parametrize(("persons", "folds"), [(40, 10), (10, 10), (10, 5), (3, 2)])
def test_drawn_pairs_are_balanced_different_and_true(persons, folds):
    target = np.repeat(np.arange(persons), 6)
    pairs = draw_pairs(target, folds, each=8, seed=3)
    for k in range(folds):
        assert pairs.genuine[pairs.fold == k].sum() * 2 == (pairs.fold == k).sum() > 0
    assert len(set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))) == len(pairs.first)
    assert (pairs.genuine == (target[pairs.first] == target[pairs.second])).all()
    seen = [
        set(target[np.r_[pairs.first[pairs.fold == k], pairs.second[pairs.fold == k]]]) for k in range(folds)
    ]
    shared = any(seen[a] & seen[b] for a in range(folds) for b in range(a))
    assert shared == (persons < 2 * folds)


def test_the_seed_decides():
    target = np.repeat(np.arange(20), 5)
    one, same, other = (draw_pairs(target, 10, 5, seed) for seed in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert (one.first != other.first).any()


def test_as_many_as_there_are():
    # 4 persons of 2 pictures, folds of 2 persons: 2 genuine pairs and 4 of impostors in each.
    pairs = draw_pairs(np.repeat(np.arange(4), 2), folds=2, each=100, seed=0)
    assert np.bincount(pairs.fold).tolist() == [4, 4]


@pytest.mark.parametrize(("folds", "each"), [(0, 1), (1, 0)])
def test_refused_numbers(folds, each):
    with pytest.raises(ValueError, match=r"(folds|each) must be at least 1, got 0"):
        draw_pairs(np.array([0, 0, 1]), folds, each, 0)


def test_too_few_pictures():
    with pytest.raises(ValueError, match="3 pictures leave one of 2 without pairs"):
        draw_pairs(np.array([0, 0, 1]), 2, 1, 0)
