"""Pictures listed by class and part, and the words that a part is known by; needs no torch."""

import re
from pathlib import Path
from typing import NamedTuple

PARTS = {  # the words that Hugging Face's `datasets` knows parts by
    "train": {"train", "training"},
    "val": {"validation", "valid", "val", "dev"},
    "test": {"test", "testing", "eval", "evaluation"},
}
Files = list[tuple[Path, int]]  # pictures, each with the number of its class


class Listing(NamedTuple):
    """The pictures below a folder or in a table.

    Attributes:
        class_names: a class's number is its position here.
        parts: "train", and "val" and "test" where there are such.
        lines: what was passed over or decided, to be said once.
    """

    class_names: list[str]
    parts: dict[str, Files]
    lines: list[str]


def part_of(name: str) -> str | None:
    """Return the part that a folder's name or a word in a table says; None where it says none."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    return next((part for part, known in PARTS.items() if words & known), None)
