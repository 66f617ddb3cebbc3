"""Names of strangers as a terminal and a spreadsheet get them."""

import pytest

from icv_lightning.escaping import plain_text, printable, spreadsheet


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a é", "a é"), ("\x9b\x07", r"\x9b\x07"), ("\u202e", r"\u202e"), ("\udcff", r"\udcff")],
)
def test_printable(text, shown):
    assert printable(text) == shown
    assert printable(text).encode()


def test_drawn_text_is_no_mathematics_and_no_control_character():
    assert plain_text("$x$ \x1b[31m") == r"\$x\$ \x1b[31m"


@pytest.mark.parametrize("sign", "=+-@")
def test_spreadsheet(sign):
    assert spreadsheet(f"{sign}x") == f"'{sign}x"
    assert spreadsheet(f"x{sign}") == f"x{sign}"
    assert spreadsheet(f"\t{sign}x") == rf"\t{sign}x"
