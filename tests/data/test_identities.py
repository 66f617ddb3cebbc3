"""Who is trained on and who is verified."""

from pathlib import Path

import pytest

from icv_lightning.data.identities import count_identities, orl_count, orl_split, split_identities
from icv_lightning.errors import UserError


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
    return root


def names(part: list[Path]) -> list[str]:
    return [path.name for path in part]


def test_persons_held_out_are_others_and_the_same_each_time(tmp_path):
    folders(tmp_path, *(f"p{k:02}" for k in range(20)), ".cache")
    (tmp_path / "notes.txt").write_text("")
    trained, verified = split_identities(tmp_path, 0.25)
    assert (len(trained), len(verified)) == (17, 3)  # by their names, about a quarter
    assert not set(trained) & set(verified)
    assert names(trained) == sorted(names(trained))
    assert split_identities(tmp_path, 0.25) == (trained, verified)
    assert count_identities(str(tmp_path), 0.25) == 17
    assert split_identities(tmp_path, 0)[1] == []
    folders(tmp_path, "zoe", "yan")
    after = split_identities(tmp_path, 0.25)
    assert all(set(before) <= set(now) for before, now in zip((trained, verified), after, strict=True))


def test_two_folders(tmp_path):
    folders(tmp_path, "train/b", "train/a", "test/c")
    trained, verified = split_identities(tmp_path, 0.5)
    assert (names(trained), names(verified)) == (["a", "b"], ["c"])


def test_without_a_test_folder_nobody_is_verified(tmp_path):
    assert split_identities(folders(tmp_path, "train/a", "train/b"), 0.5)[1] == []


def test_a_person_in_both_parts_is_refused(tmp_path):
    folders(tmp_path, "train/a", "train/b", "test/b", "test/c")
    with pytest.raises(UserError, match=r"persons both in train and in test: b$"):
        split_identities(tmp_path, 0.1)


def test_too_few_persons_or_no_folder(tmp_path):
    with pytest.raises(UserError, match=r"needs at least two persons to train on, found \['a'\]"):
        split_identities(folders(tmp_path, "a"), 0)
    with pytest.raises(UserError, match="not a folder that can be read"):
        split_identities(tmp_path / "none", 0)


def test_the_first_thirty_of_orl():
    assert orl_split(None) == (list(range(1, 31)), list(range(31, 41)))
    assert orl_count(None) == 30


def test_the_folds_of_orl_verify_each_person_once():
    folds = [orl_split(fold) for fold in range(5)]
    assert sorted(k for _, verified in folds for k in verified) == list(range(1, 41))
    for trained, verified in folds:
        assert sorted(trained + verified) == list(range(1, 41))
    assert folds[1][1] == list(range(9, 17))
    assert orl_count(4) == 32


def test_another_fold_is_refused():
    with pytest.raises(UserError, match=r"data.fold=5: must be from 0 to 4, or null"):
        orl_split(5)
