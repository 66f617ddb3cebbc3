"""Lists and other special kinds of values: what each takes and what it refuses."""

import math
from typing import Any

import pytest

from icv_lightning.declarations.value_types import LISTS, MAX_SIZE, WORDS, is_text

TAKEN: dict[str, list[Any]] = {
    "classes": [[0, 1], [9, 3, 5]],
    "sizes": [[1], [4, MAX_SIZE]],
    "counts": [[0], [0, 3]],
    "epochs": [[], [1, 1, 20]],
    "shares": [[0, 0.5], [0.99, 0]],
    "weights": ["balanced", [0.5, 2], [1, 1, 1]],
    "devices": ["auto", "-1", "2", "0,1", -1, 3, [0], [1, 0]],
    "strategy": ["auto", "ddp", "ddp_find_unused_parameters_true", "single_device", {"_target_": "x"}],
    "node": [{"_target_": "x"}],
    "group": [{}, {"a": 1}],
    "statements": [[], [{"measure": "test/acc"}]],
}
REFUSED: dict[str, list[Any]] = {
    "classes": [[0], [0, 0], [0, -1], [0, True], "01", 3],
    "sizes": [[], [0], [MAX_SIZE + 1], [1.0], "1", (True,)],
    "counts": [[], [-1], [0.0], 0],
    "epochs": [[0], [1, "2"], 1, "1"],
    "shares": [[0.5], [0, 1], [-0.1, 0], [0, True], "00", [0, 0, 0]],
    "weights": ["even", [1, 10**400], [1], [1, 0], [1, math.inf], [1, True], 2],
    "devices": ["0", "a", "1,", 0, -2, True, [], [0, 0], [-1], None],
    "strategy": ["fsdp", None, 3],
    "node": [{}, {"target": 1}, "x"],
    "group": [None, [], "x"],
    "statements": [["acc"], {"measure": "test/acc"}, "x"],
}


def test_every_special_kind_is_tried() -> None:
    assert set(TAKEN) == set(REFUSED) == set(LISTS)
    assert set(LISTS) < set(WORDS)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in TAKEN for value in TAKEN[kind]])
def test_taken(kind: str, value: Any) -> None:
    assert LISTS[kind](value)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in REFUSED for value in REFUSED[kind]])
def test_refused(kind: str, value: Any) -> None:
    assert not LISTS[kind](value)


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "\x1b[2J", "\ud800", 3, None])
def test_what_is_no_name(value: Any) -> None:
    assert not is_text(value)
    assert is_text("λ 0.05, „ü“")
