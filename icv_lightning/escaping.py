"""Text from file names and class names, made harmless for a terminal, a drawing, a spreadsheet, a file."""

import re

FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠])")


def printable(text: str) -> str:
    r"""Return `text` with control characters and what UTF-8 cannot hold written as escapes, e.g. `\x1b`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain_text(text: str) -> str:
    """Return `text` as Matplotlib draws it: no mathematics, and no sign that its warnings would print raw."""
    return printable(text).replace("$", r"\$")


def spreadsheet(text: str) -> str:
    """Return `text` so that no spreadsheet computes it: an apostrophe before = + - @, wide ones too.

    Also after a semicolon, at which spreadsheets of many countries begin another cell.
    """
    return FORMULA.sub("\\1'", printable(text))


def file_stem(text: str) -> str:
    """Return `text` as a part of a file's name: what is no letter, digit or one of _+=,@.- becomes _."""
    return re.sub(r"[^\w+=,@.-]", "_", text)[:100]
