"""The part of a picture: by its own name, whatever stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.data.split import in_test_part, in_validation, share

NAMES = st.lists(st.text(min_size=1, max_size=5), unique=True, min_size=1, max_size=40)


def test_a_share_is_spread_over_the_unit_interval_and_never_changes():
    shares = [share(f"cat/{k:04}.png") for k in range(4000)]
    assert min(shares) >= 0
    assert max(shares) < 1
    for tenth in range(10):
        assert sum(tenth <= 10 * s < tenth + 1 for s in shares) == pytest.approx(400, abs=80)
    assert share("cat/0001.png") == pytest.approx(0.84740, abs=1e-5)
    assert share("cat/0001.png") != share("dog/0001.png")


@given(NAMES, st.floats(0.01, 0.99))
def test_each_part_has_a_picture_where_there_are_two(names, fraction):
    tested = in_test_part(names, fraction)
    assert not all(tested)
    assert any(tested) == (len(names) > 1)


@given(NAMES, NAMES, st.floats(0.01, 0.99))
def test_more_pictures_move_none_that_the_fraction_placed(names, others, fraction):
    both = [*names, *(name for name in others if name not in names)]
    before, after = (dict(zip(x, in_test_part(x, fraction), strict=True)) for x in (names, both))
    placed = [name for name in names if before[name] == (share(name) < fraction)]
    moved = [name for name in placed if before[name] != after[name]]
    assert all(after[name] != (share(name) < fraction) for name in moved)  # filled a part
    if {share(name) < fraction for name in names} == {True, False}:
        assert not moved


def test_a_validation_part_is_in_proportion_and_follows_the_seed():
    counts = {"a": 40, "b": 30, "c": 20, "d": 11}
    names = [f"{kind}/{k}" for kind, count in counts.items() for k in range(count)]
    target = ["abcd".index(name[0]) for name in names]
    rest, held = in_validation(names, target, 20, 0)
    assert sorted(rest + held) == list(range(101))
    assert [sum(target[k] == kind for k in held) for kind in range(4)] == [8, 6, 4, 2]
    assert in_validation(names, target, 20, 0) == (rest, held)
    assert in_validation(names, target, 20, 1) != (rest, held)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 30), st.data())
def test_a_validation_part_has_its_size_and_the_same_pictures_in_any_order(first, second, size, data):
    names = [*(f"a/{k}" for k in range(first)), *(f"b/{k}" for k in range(second))]
    size = min(size, len(names) - 1)
    order = data.draw(st.permutations(range(len(names))))
    target = [int(name[0] == "b") for name in names]
    _, held = in_validation(names, target, size, 3)
    _, other = in_validation([names[k] for k in order], [target[k] for k in order], size, 3)
    assert len(held) == size
    if first != second:  # else the class that gets what is left over is the first one
        assert {names[k] for k in held} == {names[order[k]] for k in other}


def test_a_picture_more_takes_the_place_of_one_other_at_most():
    names = [f"a/{k}" for k in range(100)]
    _, held = in_validation(names, [0] * 100, 10, 0)
    for k in range(20):
        more = [*names, f"a/new{k}"]
        _, now = in_validation(more, [0] * 101, 10, 0)
        assert len({names[k] for k in held} - {more[k] for k in now}) <= 1


def test_a_class_of_one_picture_gives_no_validation_part():
    with pytest.raises(ValueError, match="1 classes have a single picture"):
        in_validation(["a/0", "a/1", "b/0"], [0, 0, 1], 1, 0)


def test_names_that_are_no_utf8_have_a_share():
    assert 0 <= share("\udcff.png") < 1
