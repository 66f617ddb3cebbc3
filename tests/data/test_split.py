"""The part of a picture: by its own name, whatever stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.data.split import in_test_part, share

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


def test_names_that_are_no_utf8_have_a_share():
    assert 0 <= share("\udcff.png") < 1
