"""Walks over nested settings."""

import json
import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icv_lightning.nested import finite, is_number, keys, leaves, plain, select, with_values

NESTED = {"a": {"b": 1, "empty": {}}, "list": [1, 2], "nodes": [{"c": 3}, 4], "none": None}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


class Point(NamedTuple):
    x: float
    y: float


def test_leaves_have_dotted_keys_and_a_plain_list_is_one_value():
    assert dict(leaves(NESTED)) == {
        "a.b": 1,
        "a.empty": {},
        "list": [1, 2],
        "nodes.0.c": 3,
        "nodes.1": 4,
        "none": None,
    }
    assert list(leaves(5, "alone")) == [("alone", 5)]


def test_keys_are_those_of_values_and_of_the_nodes_above():
    assert keys({"a": {"b": {"c": 1}}, "d": 2}) == {"a", "a.b", "a.b.c", "d"}


def test_select_finds_a_value_or_gives_the_default():
    assert select(NESTED, "a.b") == 1
    assert select(NESTED, "none", 7) is None
    assert select(NESTED, "a.b.c", 7) == select(NESTED, "x", 7) == 7


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 1.0), (True, True), ("1", "1"), ([1, [2]], [1.0, [2.0]])]
)
def test_plain_numbers_are_floats(value, expected):
    assert repr(plain(value)) == repr(expected)


def test_what_is_not_finite_becomes_null_at_any_depth():
    found = finite(
        {"a": [1.0, math.nan], "b": (math.inf, {"c": -math.inf}), "point": Point(1.0, math.nan), 3: 4}
    )
    assert found == {"a": [1.0, None], "b": [None, {"c": None}], "point": {"x": 1.0, "y": None}, "3": 4}


@given(json_values)
def test_finite_values_are_json(value):
    text = json.dumps(finite(value), allow_nan=False)
    assert json.loads(text) == finite(value)


@given(json_values)
def test_values_changed_into_themselves_leave_everything_as_it_was(value):
    assert repr(with_values(value, lambda leaf: leaf)) == repr(value)


@pytest.mark.parametrize("value", [True, "1", None, math.inf, -math.inf, math.nan, 10**400, -(10**400), [1]])
def test_what_is_no_number_stays_as_it_is(value):
    assert not is_number(value)
    assert plain(value) is value or plain(value) == [1.0]


@pytest.mark.parametrize("value", [0, -3, 2**63, 1e308, 0.1])
def test_numbers_become_floats(value):
    assert is_number(value)
    assert isinstance(plain(value), float)
