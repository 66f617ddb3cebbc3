"""Pairs of pictures in a list: two paths a line and whether they show one person."""

from collections.abc import Sequence
from pathlib import Path

from icv_lightning.data.tables import decoded, split_lines
from icv_lightning.errors import UserError, first_few
from icv_lightning.verify.pairs import NamedPairs, Picture, read_pairs

SAME = {"1": True, "true": True, "yes": True, "same": True, "genuine": True}
SAME |= {"0": False, "-1": False, "false": False, "no": False, "different": False, "impostor": False}
MAX_LISTED = 10
FORM = "two paths and 1 (one person) or 0, as: a/1.jpg b/2.jpg 0"


def pairs_in(path: Path, folder: Path | None = None) -> NamedPairs[Picture] | NamedPairs[Path]:
    """Return the pairs in a file: in LFW's format where it begins with numbers, else a list of paths."""
    try:
        lines = split_lines(decoded(path.read_bytes()))
    except OSError:
        lines = []
    if not lines or all(word.isdecimal() for word in lines[0]):
        return read_pairs(path)
    return read_pair_list(path, folder)


def read_pair_list(path: Path, folder: Path | None = None) -> NamedPairs[Path]:
    """Return the pairs of a text, CSV or TSV, with or without a heading, in whatever encoding it was saved.

    A line has two paths and a word of `SAME`, in any order, and under the heading "fold" a number.

    Args:
        path: the list's file.
        folder: folder that paths are relative to; None for the list's own, else the working directory.

    Raises:
        UserError: a line that is not so, pictures that are not there, or pairs of one kind alone.
    """
    lines = split_lines(decoded(path.read_bytes()))
    body = lines[1:] or lines
    said = [k for k in range(len(body[0])) if all(len(row) > k and row[k].lower() in SAME for row in body)]
    width = len(body[0])
    for number, row in enumerate(lines, start=1):
        if not said or len(row) != width or width < 3:
            raise UserError(f"{path}: line {number} must have {FORM}; is {' '.join(row)}")
    label = said[-1]
    first = lines[0][label].lower()  # "same" may be a heading, too
    has_heading = first not in SAME or first.isalpha() != body[0][label].isalpha()
    heading = [word.lower() for word in lines[0]] if has_heading else []
    body = lines[1:] if has_heading else lines
    fold = heading.index("fold") if "fold" in heading else None
    left, right = [k for k in range(width) if k not in (label, fold)][:2]
    genuine = [SAME[row[label].lower()] for row in body]
    if len(set(genuine)) < 2:
        raise UserError(f"{path}: has pairs of one kind alone; verification compares 1 (one person) and 0")
    places = [folder] if folder else [path.parent, Path()]
    files = [[_found(row[side], places) for row in body] for side in (left, right)]
    if absent := sorted({str(file) for side in files for file in side if not file.is_file()}):
        raise UserError(f"{path}: {len(absent)} pictures are not there: {first_few(absent, MAX_LISTED)}")
    words = [row[fold] for row in body] if fold is not None else ["0"] * len(body)
    order = {word: k for k, word in enumerate(dict.fromkeys(words))}
    return NamedPairs(files[0], files[1], genuine, [order[word] for word in words])


def _found(name: str, places: Sequence[Path]) -> Path:
    """Return the file that a list names, as Windows or as others write it."""
    found = [place / text for place in places for text in (name, name.replace("\\", "/"))]
    return next((file for file in found if file.is_file()), found[0])
