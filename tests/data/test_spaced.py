"""Evenly spaced positions, by hand."""

import pytest

from icv_lightning.data.spaced import spaced


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [
        (5, 9, [0, 1, 2, 3, 4]),
        (9, 3, [0, 4, 8]),
        (10, 4, [0, 3, 6, 9]),
        (8, 3, [0, 4, 7]),
        (7, 1, [0]),
        (0, 3, []),
    ],
)
def test_first_and_last_are_among_them_and_halves_are_rounded(size, most, expected):
    assert spaced(size, most).tolist() == expected
