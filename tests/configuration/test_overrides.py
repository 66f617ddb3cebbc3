"""Overrides of a command line, one by one."""

import pytest

from icv_lightning.configuration.overrides import is_group, key_of, lines_of, parse
from icv_lightning.errors import UserError


def test_overrides_keep_their_text_and_know_their_key():
    texts = ["seed=1", "+trainer.max_steps=3", "~callbacks.best", "data=digits,mnist", "data/augment=none"]
    parsed = parse(texts)
    assert lines_of(parsed) == texts
    assert [key_of(o) for o in parsed] == [
        "seed", "trainer.max_steps", "callbacks.best", "data", "data/augment"
    ]  # fmt: skip
    assert [o.is_sweep_override() for o in parsed] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("key", "group"),
    [
        ("data", True),
        ("data/augment", True),
        ("data@other", True),
        ("hydra.mode", True),
        ("data.root", False),
        ("seed", False),
    ],
)
def test_groups_are_folders_of_conf_and_hydra_s_own(key, group):
    assert is_group(key) == group


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed", r"seed: cannot be read as key=value, e\.g\. seed=1"),
        ("=3", "=3: "),
        ("data=3", "data=3: must name a choice of a group"),
        ("data={a: 1}", r"data=\{a: 1\}: must name a choice of a group"),
        ("name=a b'", "name=a b': cannot be read as key=value; type "),
    ],
)
def test_what_is_no_override_is_one_line(text, said):
    with pytest.raises(UserError, match=f"^{said}") as error:
        parse(["seed=1", text])
    assert "\n" not in str(error.value)


def test_a_group_may_be_taken_away_or_set_to_a_choice():
    assert len(parse(["~data/augment", "data=[digits]", "data=glob(*)", "data=choice(digits,mnist)"])) == 4
