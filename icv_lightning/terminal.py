"""Text from file names and class names, made harmless for a terminal and for a spreadsheet."""


def printable(text: str) -> str:
    r"""Return `text` with control characters and what UTF-8 cannot hold written as escapes, e.g. `\x1b`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def spreadsheet(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula: an apostrophe before = + - @."""
    text = printable(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
